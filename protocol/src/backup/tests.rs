use super::*;
use crate::words::RecoveryWords;

fn words() -> RecoveryWords {
    RecoveryWords::from_entropy([7; 32])
}

fn head() -> Head {
    Head {
        made: Timestamp::from_secs(1_800_000_000),
        identity: IdentityId([1; 32]),
        name: Name::new("Ana Sousa").unwrap(),
        generation: 0,
    }
}

/// Many small values, and some of the largest.
fn values() -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let small = (0..3_000u32).map(|n| (Table::People, n.to_be_bytes().to_vec(), vec![n as u8; 20]));
    let large = (0..3u8).map(|n| (Table::Secrets, vec![n; limits::STORE_KEY], vec![n; limits::STORE_VALUE]));
    small.chain(large).collect()
}

fn backup() -> Vec<u8> {
    let key = words().backup_key().public();
    let mut writer = BackupWriter::begin(Vec::new(), &key, &head(), [9; 32]).unwrap();
    for (table, key, value) in values() {
        writer.put(table, &key, &value).unwrap();
    }
    writer.finish().unwrap()
}

fn read(file: &[u8], words: &RecoveryWords) -> Result<(Head, Vec<Entry>), BackupError> {
    let (mut reader, head) = BackupReader::begin(file, &words.backup_key())?;
    let mut entries = Vec::new();
    while let Some(part) = reader.next_part()? {
        entries.extend(part);
    }
    Ok((head, entries))
}

#[test]
fn what_was_put_in_comes_out_with_the_words() {
    let file = backup();
    check(&file[..]).unwrap();
    let (found, entries) = read(&file, &words()).unwrap();
    assert_eq!(found, head());
    let entries = entries
        .into_iter()
        .map(|entry| (Table::from_number(entry.table).unwrap(), entry.key.into_vec(), entry.value.into_vec()));
    assert!(entries.eq(values()));
}

#[test]
fn a_home_without_anything_has_a_backup_too() {
    let writer = BackupWriter::begin(Vec::new(), &words().backup_key().public(), &head(), [9; 32]).unwrap();
    let file = writer.finish().unwrap();
    check(&file[..]).unwrap();
    assert_eq!(read(&file, &words()).unwrap().1.len(), 0);
}

#[test]
fn other_words_open_nothing_and_no_secret_can_be_seen() {
    let file = backup();
    let mallory = RecoveryWords::from_entropy([8; 32]);
    assert!(matches!(read(&file, &mallory), Err(BackupError::WrongWords)));
    assert!(!file.windows(9).any(|window| window == b"Ana Sousa"));
    assert!(!file.windows(20).any(|window| window == [2; 20]));
}

#[test]
fn every_way_to_spoil_a_backup_is_noticed_without_the_words() {
    let file = backup();
    for cut in [0, 7, 8, 39, 40, 43, 44, 100, file.len() - 33, file.len() - 1] {
        assert!(check(&file[..cut]).is_err(), "cut after {cut} bytes");
    }
    for at in [8, 40, 44, 5_000, file.len() / 2, file.len() - 1] {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(check(&changed[..]).is_err(), "byte {at}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(matches!(check(&longer[..]), Err(BackupError::Damaged("something follows its end"))));
    assert!(matches!(check(&b"KITH-B2\nwhatever"[..]), Err(BackupError::TooNew)));
    assert!(matches!(check(&b"PK\x03\x04 an archive"[..]), Err(BackupError::NotABackup)));
    assert!(matches!(check(&b"short"[..]), Err(BackupError::NotABackup)));
}

#[test]
fn a_change_with_a_fitting_checksum_is_noticed_with_the_words() {
    let mut file = backup();
    let end = file.len() - 32;
    file[end / 2] ^= 1;
    let digest = Sha256::digest(&file[..end]);
    file[end..].copy_from_slice(&digest);
    check(&file[..]).unwrap();
    assert!(matches!(read(&file, &words()), Err(BackupError::Damaged(_))));
}

#[test]
fn a_part_that_claims_to_be_endless_takes_no_memory() {
    let mut file = [&MAGIC[..], &[0; 32]].concat();
    file.extend(0x7fff_ffffu32.to_be_bytes());
    assert!(matches!(check(&file[..]), Err(BackupError::Damaged("a part is longer than any that is written"))));
}
