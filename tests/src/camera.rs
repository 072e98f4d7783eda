//! A camera in plain arithmetic: a sheet with a code, held in front of it at an angle.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of tests may end in a panic")]

use image::{GrayImage, Luma};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Resolution of the sheet that the frames are sampled from.
pub const PIXELS_A_MODULE: u32 = 16;

/// Width of a frame, in pixels.
pub const WIDTH: u32 = 1280;
/// Height of a frame, in pixels.
pub const HEIGHT: u32 = 720;
/// In units of the frame's height: 61 degrees of view across, as a laptop's camera has.
const FOCAL_LENGTH: f64 = 1.5;

/// What differs from frame to frame.
struct Scene {
    /// Side of the sheet, quiet zone included, as a share of the frame's height: 45 to 80 %.
    size: f64,
    /// In the plane of the frame, ± 14°, in radians.
    roll: f64,
    /// Out of the plane about either axis, ± 20° each: the perspective.
    tilt: [f64; 2],
    /// Centre of the sheet away from the middle, as a share of the frame's height, ± 8 %.
    shift: [f64; 2],
    /// Standard deviation of the Gaussian blur, 0.4 to 1.8 pixels.
    blur: f64,
    /// Standard deviation of the noise, 2 to 12 grey levels.
    noise: f64,
    /// Light minus dark, 50 to 200 grey levels.
    contrast: f64,
    /// Grey of the dark modules, such that the light ones do not reach 255.
    dark: f64,
    /// Grey of the wall behind.
    wall: f64,
    /// Light falls off from one side to the other by up to 30 % of the contrast.
    shade: f64,
}

impl Scene {
    fn new(random: &mut StdRng) -> Self {
        let degrees = |degrees: f64| degrees.to_radians();
        let contrast = random.random_range(50.0..=200.0);
        Self {
            size: random.random_range(0.45..=0.80),
            roll: degrees(random.random_range(-14.0..=14.0)),
            tilt: [degrees(random.random_range(-20.0..=20.0)), degrees(random.random_range(-20.0..=20.0))],
            shift: [random.random_range(-0.08..=0.08), random.random_range(-0.08..=0.08)],
            blur: random.random_range(0.4..=1.8),
            noise: random.random_range(2.0..=12.0),
            contrast,
            dark: random.random_range(5.0..=250.0 - contrast),
            wall: random.random_range(20.0..=235.0),
            shade: random.random_range(-0.3..=0.3) * contrast,
        }
    }

    /// From the sheet, its centre at 0 and its side 1, to the frame: the homography of a pinhole camera.
    fn homography(&self) -> [[f64; 3]; 3] {
        let ((sr, cr), (sx, cx), (sy, cy)) = (self.roll.sin_cos(), self.tilt[0].sin_cos(), self.tilt[1].sin_cos());
        // Columns of R = Rx · Ry · Rz that the flat sheet needs.
        let across = [cy * cr, cx * sr + sx * sy * cr, sx * sr - cx * sy * cr];
        let down = [-cy * sr, cx * cr - sx * sy * sr, sx * cr + cx * sy * sr];
        let height = f64::from(HEIGHT);
        let (middle_x, middle_y) = (f64::from(WIDTH) / 2.0, height / 2.0);
        let (focal, scale) = (FOCAL_LENGTH * height, self.size / FOCAL_LENGTH);
        let place = [self.shift[0] / FOCAL_LENGTH, self.shift[1] / FOCAL_LENGTH, 1.0];
        let column = |axis: [f64; 3], scale: f64| {
            let [x, y, z] = axis.map(|part| part * scale);
            [focal * x + middle_x * z, focal * y + middle_y * z, z]
        };
        let (a, b, c) = (column(across, scale), column(down, scale), column(place, 1.0));
        [[a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]]]
    }
}

/// One frame of 1280 × 720 pixels of the code, which is drawn with [`PIXELS_A_MODULE`]; the same seed gives the same
/// frame.
pub fn frame(code: &GrayImage, seed: u64) -> GrayImage {
    let mut random = StdRng::seed_from_u64(seed);
    let scene = Scene::new(&mut random);
    let sharp = exposed(code, &scene);
    let blurred = blurred(&sharp, scene.blur);
    let pixels =
        blurred.iter().map(|grey| (grey + scene.noise * gaussian(&mut random)).round().clamp(0.0, 255.0) as u8);
    GrayImage::from_raw(WIDTH, HEIGHT, pixels.collect()).unwrap()
}

/// The frame before blur and noise, by rows.
fn exposed(code: &GrayImage, scene: &Scene) -> Vec<f64> {
    let back = inverse(scene.homography());
    let side = f64::from(code.width());
    let mut frame = Vec::with_capacity((WIDTH * HEIGHT) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let [u, v, w] = back.map(|row| row[0] * (f64::from(x) + 0.5) + row[1] * (f64::from(y) + 0.5) + row[2]);
            let on_sheet = bilinear(code, (u / w + 0.5) * side - 0.5, (v / w + 0.5) * side - 0.5);
            let shade = scene.shade * (f64::from(x) / f64::from(WIDTH) - 0.5);
            frame.push(on_sheet.map_or(scene.wall, |light| scene.dark + scene.contrast * light + shade));
        }
    }
    frame
}

/// Lightness 0 to 1 between four pixels; nothing outside.
fn bilinear(picture: &GrayImage, x: f64, y: f64) -> Option<f64> {
    let (left, top) = (x.floor(), y.floor());
    let at = |dx: f64, dy: f64| {
        let (x, y) = (left + dx, top + dy);
        let inside = x >= 0.0 && y >= 0.0 && x < f64::from(picture.width()) && y < f64::from(picture.height());
        inside.then(|| {
            let Luma([grey]) = picture.get_pixel(x as u32, y as u32);
            f64::from(*grey) / 255.0
        })
    };
    let (fx, fy) = (x - left, y - top);
    let upper = at(0.0, 0.0)? * (1.0 - fx) + at(1.0, 0.0)? * fx;
    let lower = at(0.0, 1.0)? * (1.0 - fx) + at(1.0, 1.0)? * fx;
    Some(upper * (1.0 - fy) + lower * fy)
}

fn inverse(m: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let minor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|c| m[0][c] * minor(0, c)).sum();
    [0, 1, 2].map(|r| [0, 1, 2].map(|c| minor(c, r) / determinant))
}

/// Gaussian blur, one direction after the other; the edge pixels stand for what lies beyond.
fn blurred(frame: &[f64], sigma: f64) -> Vec<f64> {
    let reach = (3.0 * sigma).ceil() as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|at| (-((at * at) as f64) / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let pass = |source: &[f64], step_x: i64, step_y: i64| -> Vec<f64> {
        let (width, height) = (i64::from(WIDTH), i64::from(HEIGHT));
        let pixel = |x: i64, y: i64| source[(y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize];
        let around = |x: i64, y: i64| {
            let weighted =
                (-reach..=reach).zip(&weights).map(|(at, weight)| weight * pixel(x + at * step_x, y + at * step_y));
            weighted.sum::<f64>() / sum
        };
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| around(x, y)).collect()
    };
    pass(&pass(frame, 1, 0), 0, 1)
}

/// One normally distributed number (Box and Muller).
fn gaussian(random: &mut StdRng) -> f64 {
    let (u, v): (f64, f64) = (random.random_range(f64::MIN_POSITIVE..1.0), random.random_range(0.0..1.0));
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
