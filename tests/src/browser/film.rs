//! What a camera sees: a code on somebody's phone, held by a hand that is not quite still.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use kith_node::codes::draw::Drawing;

use crate::camera::{self, HEIGHT, PIXELS_A_MODULE, WIDTH};

/// Pictures of the film, after which it begins again.
const FRAMES: u64 = 8;
/// Pictures in a second.
const PACE: u32 = 5;
/// Colour of grey: none.
const GREY: u8 = 128;

/// Makes a film (YUV4MPEG2) of a code, turned, tilted, blurred and lit differently from picture to picture.
pub fn film(code: &str, file: &Path) {
    let drawing = Drawing::new(code).unwrap();
    let sheet = image::load_from_memory(&drawing.png(PIXELS_A_MODULE)).unwrap().into_luma8();
    let mut out = BufWriter::new(File::create(file).unwrap());
    writeln!(out, "YUV4MPEG2 W{WIDTH} H{HEIGHT} F{PACE}:1 Ip A1:1 C420jpeg").unwrap();
    let colour = vec![GREY; (WIDTH * HEIGHT / 2) as usize];
    for seed in 0..FRAMES {
        out.write_all(b"FRAME\n").unwrap();
        out.write_all(camera::frame(&sheet, seed).as_raw()).unwrap();
        out.write_all(&colour).unwrap();
    }
    out.flush().unwrap();
}
