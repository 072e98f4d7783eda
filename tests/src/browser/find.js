// Finds something on the page by the words that a person reads or hears for it.
// Arguments: what kind of thing, its name. Returns the elements whose name is the given one, else those whose name
// begins with it; and all the names there are, for the message if nothing is found.
const [kind, wanted] = arguments;
const kinds = {
  press: 'a[href], button, summary, input[type=submit], input[type=button], input[type=image], [role=button], [role=link], [role=tab], [role=switch]',
  field: 'input:not([type=hidden], [type=submit], [type=button], [type=image], [type=checkbox], [type=radio]), textarea, select',
  tick: 'input[type=checkbox], input[type=radio]',
};
const words = (text) => (text ?? '').normalize().replace(/\s+/gu, ' ').trim();
const shown = (element) => element.checkVisibility?.({ visibilityProperty: true }) ?? element.getClientRects().length > 0;

// Text of an element, with pictures by their descriptions, without what is hidden.
function read(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE) return '';
  if (node.getAttribute('aria-hidden') === 'true' || node.hidden) return '';
  const described = node.getAttribute('aria-label') ?? node.getAttribute('alt');
  if (described) return described;
  if (node.matches('input, textarea, select, script, style')) return '';
  if (node.matches('svg')) return node.querySelector('title')?.textContent ?? '';
  return [...node.childNodes].map(read).join(getComputedStyle(node).display === 'block' ? ' ' : '');
}

function nameOf(element) {
  const by = element.getAttribute('aria-labelledby');
  if (by) return words(by.split(/\s+/u).map((id) => read(document.getElementById(id))).join(' '));
  const said = element.getAttribute('aria-label');
  if (said) return words(said);
  if (element.labels?.length) return words([...element.labels].map(read).join(' '));
  if (element.matches('input[type=submit], input[type=button]')) return words(element.value);
  return words(read(element)) || words(element.title);
}

// A box to tick or a file to choose is often drawn by its label, which stands for it.
const reachable = (element) => shown(element) || [...(element.labels ?? [])].some(shown);
const named = [...document.querySelectorAll(kinds[kind])]
  .filter(reachable)
  .map((element) => ({ element, name: nameOf(element) }));
let found = named.filter(({ name }) => name === wanted);
if (found.length === 0) found = named.filter(({ name }) => name.startsWith(wanted));
return { found: found.map(({ element }) => element), names: named.map(({ name }) => name) };
