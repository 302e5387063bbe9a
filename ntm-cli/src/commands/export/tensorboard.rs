//! Event files as TensorBoard reads them.
//!
//! A file is a list of records: the length of a message (u64, little-endian), a checksum of those eight bytes, the message, a
//! checksum of it. Checksums are CRC-32C, masked. A message is an `Event` in protobuf's wire format:
//!
//! ```text
//! Event    1 wall_time: double   2 step: int64   3 file_version: string   5 summary: Summary
//! Summary  1 value: Value, repeated
//! Value    1 tag: string   2 simple_value: float   8 tensor: Tensor   9 metadata: Metadata
//! Tensor   1 dtype: int32 (7 is text)   8 string_val: bytes
//! Metadata 1 plugin_data { 1 plugin_name: string }
//! ```
//!
//! The crates for it are no longer kept or need `protoc`; this is what there is to write.
use super::curve::{COLUMNS, Curve};

/// A name by which TensorBoard knows such files. Real ones hold a time and a host; ours hold what the run holds.
pub(super) const NAME: &str = "events.out.tfevents.0.ntm";

/// A curve as the bytes of an event file: a scalar for each number of a validation, at the step that is the number of
/// sequences seen, and the config as a text. Times count from the beginning of training.
pub(super) fn events(curve: &Curve, config: &str) -> Vec<u8> {
    let mut file = vec![];
    record(&mut file, &event(0.0, 0, &text_field(3, "brain.Event:2")));
    // a block of code, which the text is shown as
    let shown: String = config.lines().map(|line| format!("    {line}\n")).collect();
    record(&mut file, &event(0.0, 0, &bytes_field(5, &value(&text_value("config", &shown)))));
    for point in &curve.points {
        let scalars: Vec<u8> =
            COLUMNS.iter().flat_map(|(name, of)| value(&scalar(name, of(&point.record) as f32))).collect();
        let seconds = point.seconds.unwrap_or(0.0);
        record(&mut file, &event(seconds, point.record.sequences, &bytes_field(5, &scalars)));
    }
    file
}

fn event(wall_time: f64, step: u64, what: &[u8]) -> Vec<u8> {
    let mut message = vec![tag(1, FIXED64)];
    message.extend(wall_time.to_le_bytes());
    message.push(tag(2, VARINT));
    varint(&mut message, step);
    message.extend(what);
    message
}

fn value(inside: &[u8]) -> Vec<u8> {
    bytes_field(1, inside)
}

fn scalar(name: &str, number: f32) -> Vec<u8> {
    let mut message = text_field(1, name);
    message.push(tag(2, FIXED32));
    message.extend(number.to_le_bytes());
    message
}

fn text_value(name: &str, text: &str) -> Vec<u8> {
    let tensor = [&[tag(1, VARINT), 7][..], &text_field(8, text)].concat();
    let metadata = bytes_field(1, &text_field(1, "text"));
    [text_field(1, name), bytes_field(8, &tensor), bytes_field(9, &metadata)].concat()
}

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const BYTES: u8 = 2;
const FIXED32: u8 = 5;

/// Fields up to 15 have tags of one byte.
fn tag(field: u8, kind: u8) -> u8 {
    field << 3 | kind
}

fn varint(to: &mut Vec<u8>, mut x: u64) {
    while x >= 0x80 {
        to.push(x as u8 | 0x80);
        x >>= 7;
    }
    to.push(x as u8);
}

fn bytes_field(field: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![tag(field, BYTES)];
    varint(&mut message, bytes.len() as u64);
    message.extend(bytes);
    message
}

fn text_field(field: u8, text: &str) -> Vec<u8> {
    bytes_field(field, text.as_bytes())
}

fn record(to: &mut Vec<u8>, message: &[u8]) {
    let length = (message.len() as u64).to_le_bytes();
    to.extend(length);
    to.extend(masked(crc32c(&length)).to_le_bytes());
    to.extend(message);
    to.extend(masked(crc32c(message)).to_le_bytes());
}

/// Keeps a checksum of bytes that hold checksums from being trivial.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Castagnoli's polynomial, bits reversed. The files are small: bit by bit is quick enough.
fn crc32c(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc)))
}

#[cfg(test)]
mod tests {
    use super::super::curve::Point;
    use super::*;
    use ntm_core::train::Record;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // RFC 3720, section B.4
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn numbers_of_any_size_are_written_in_seven_bits_a_byte() {
        let written = |x| {
            let mut bytes = vec![];
            varint(&mut bytes, x);
            bytes
        };
        assert_eq!((written(0), written(127), written(300)), (vec![0], vec![127], vec![0xac, 2]));
        assert_eq!(written(u64::MAX).len(), 10);
    }

    #[test]
    fn a_file_is_whole_records_with_their_checksums() {
        let record = Record {
            sequences: 500,
            training_bits: 2.0,
            gradient_norm: 1.0,
            validation_bits: 1.5,
            validation_wrong_bits: 0.25,
        };
        let file = events(&Curve { points: vec![Point { record, seconds: Some(0.5) }] }, "()");
        let (mut rest, mut messages) = (&file[..], vec![]);
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            assert_eq!(rest[8..12], masked(crc32c(&rest[..8])).to_le_bytes());
            let message = &rest[12..12 + length];
            assert_eq!(rest[12 + length..16 + length], masked(crc32c(message)).to_le_bytes());
            messages.push(message);
            rest = &rest[16 + length..];
        }
        assert_eq!(messages.len(), 3);
        assert!(messages[0].ends_with(b"brain.Event:2"));
        let step_500 = [&[9][..], &0.5_f64.to_le_bytes(), &[16, 0xf4, 3]].concat();
        assert!(messages[2].starts_with(&step_500));
        let validation = [b"validation_bits" as &[u8], &[21], &1.5_f32.to_le_bytes()].concat();
        assert!(messages[2].windows(validation.len()).any(|window| window == validation));
    }
}
