use std::fs;

use safetensors::SafeTensors;

use super::*;

fn small() -> Archive {
    Archive {
        tensors: BTreeMap::from([
            (
                "a.weight".to_owned(),
                Tensor::new([2, 3], vec![1.0_f32, -2.0, 0.5, 3.0, f32::MIN_POSITIVE, -0.0]),
            ),
            ("cost".to_owned(), Tensor::new([], vec![0.1_f64])),
            ("empty".to_owned(), Tensor::new([0, 4], Vec::<f32>::new())),
            ("rng".to_owned(), Tensor::new([2], vec![u64::MAX, 7])),
        ]),
        metadata: Some("version: 0.1.0\n(task: \"Copy\") \u{1f} ü\n".to_owned()),
    }
}

/// A file with the given header and body, as another program may write it.
fn file(header: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(body);
    bytes
}

/// A file without our key, so that no checksum catches what the other checks should.
fn foreign() -> Vec<u8> {
    let header = concat!(
        r#"{"__metadata__":{"format":"pt"},"#,
        r#""b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},"#,
        r#""a":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]}}"#,
    );
    let mut body = [1.5_f64, -2.0].map(f64::to_le_bytes).concat();
    body.extend([3.0_f32, 4.0].map(f32::to_le_bytes).concat());
    file(header, &body)
}

fn message(bytes: &[u8]) -> String {
    Archive::from_bytes(bytes).unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read_back() {
    for metadata in [None, Some(String::new()), small().metadata] {
        let archive = Archive { metadata, ..small() };
        let back = Archive::from_bytes(&archive.to_bytes().unwrap()).unwrap();
        assert_eq!(back, archive);
        assert_eq!(back.to_bytes().unwrap(), archive.to_bytes().unwrap());
    }
    assert_eq!(Archive::from_bytes(&Archive::default().to_bytes().unwrap()).unwrap(), Archive::default());
}

#[test]
fn numbers_keep_their_bits() {
    let odd = vec![f32::from_bits(0x7fc0_1234), f32::INFINITY, -0.0, f32::from_bits(1)];
    let archive = Archive {
        tensors: BTreeMap::from([("x".to_owned(), Tensor::new([4], odd.clone()))]),
        metadata: None,
    };
    let back = Archive::from_bytes(&archive.to_bytes().unwrap()).unwrap();
    let Data::F32(got) = &back.tensors["x"].data else { panic!("dtype changed") };
    assert!(got.iter().zip(&odd).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn the_bytes_are_fixed() {
    // If this changes, checkpoints of one seed differ between versions: say so in the changelog.
    let bytes = small().to_bytes().unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    assert_eq!(
        std::str::from_utf8(&bytes[8..8 + length]).unwrap().trim_end(),
        concat!(
            r#"{"__metadata__":{"ntm":"checksum: 21f311f1\nversion: 0.1.0\n(task: \"Copy\") \u001f ü\n"},"#,
            r#""rng":{"dtype":"U64","shape":[2],"data_offsets":[0,16]},"#,
            r#""cost":{"dtype":"F64","shape":[],"data_offsets":[16,24]},"#,
            r#""a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[24,48]},"#,
            r#""empty":{"dtype":"F32","shape":[0,4],"data_offsets":[48,48]}}"#,
        )
    );
}

#[test]
fn other_readers_of_the_format_see_the_same() {
    let archive = small();
    let bytes = archive.to_bytes().unwrap();
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(theirs.len(), archive.tensors.len());
    for (name, tensor) in &archive.tensors {
        let view = theirs.tensor(name).unwrap();
        assert_eq!(view.shape(), tensor.shape);
        assert_eq!(view.data(), tensor.data.to_le_bytes());
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let bytes = small().to_bytes().unwrap();
    for at in 0..bytes.len() {
        for change in 1..=255 {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            assert!(
                Archive::from_bytes(&damaged).is_err(),
                "byte {at} changed by {change:#x} went unnoticed"
            );
        }
    }
}

#[test]
fn every_cut_and_every_addition_is_noticed() {
    for bytes in [small().to_bytes().unwrap(), foreign()] {
        for end in 0..bytes.len() {
            assert!(Archive::from_bytes(&bytes[..end]).is_err(), "cut to {end} bytes went unnoticed");
        }
        assert!(message(&[&bytes[..], &[0]].concat()).contains("appended"));
    }
}

#[test]
fn damage_is_told_as_damage() {
    let mut bytes = small().to_bytes().unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let message = message(&bytes);
    assert!(message.contains("checksum") && message.contains("damaged"), "{message}");
}

#[test]
fn files_from_elsewhere_are_read_without_a_checksum() {
    let archive = Archive::from_bytes(&foreign()).unwrap();
    assert_eq!(archive.metadata, None);
    assert_eq!(archive.tensors["a"], Tensor::new([1, 2], vec![1.5_f64, -2.0]));
    assert_eq!(archive.tensors["b"], Tensor::new([2], vec![3.0_f32, 4.0]));
}

#[test]
fn what_is_accepted_the_format_crate_accepts_too() {
    // Several bytes changed at random places: no panic, and nothing let through that is not safetensors.
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let interesting = br#"{}[]":,0123456789aeE.-\ FU64n"#;
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut bytes = foreign();
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            bytes[at] = interesting[next(interesting.len())];
        }
        if Archive::from_bytes(&bytes).is_ok() {
            accepted += 1;
            assert!(SafeTensors::deserialize(&bytes).is_ok());
        }
    }
    assert!(accepted > 0);
}

#[test]
fn a_dtype_we_do_not_take_names_the_tensor_and_those_we_do() {
    for dtype in ["F16", "BF16", "I64", "U8", "BOOL", "F128"] {
        let header = format!(r#"{{"w":{{"dtype":"{dtype}","shape":[0],"data_offsets":[0,0]}}}}"#);
        let message = message(&file(&header, &[]));
        assert!(message.contains("\"w\"") && message.contains(dtype), "{message}");
        assert!(message.contains("F32, F64 and U64"), "{message}");
    }
}

#[test]
fn hostile_headers_are_refused_with_a_reason() {
    let tensor = |name: &str, shape: &str, begin: &str, end: &str| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{begin},{end}]}}"#)
    };
    let huge = u64::MAX.to_string();
    let cases = [
        ("not JSON", "{nonsense".to_owned(), "not that of a safetensors file"),
        ("an array", "[1, 2]".to_owned(), "begin with {"),
        ("deep", "{\"a\":".repeat(5000), "not that of a safetensors file"),
        ("no dtype", r#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#.to_owned(), "dtype"),
        ("negative", format!("{{{}}}", tensor("a", "[-1]", "0", "4")), "not that of a safetensors file"),
        ("product", format!("{{{}}}", tensor("a", "[4294967296,4294967296]", "0", "4")), "can be counted"),
        ("bytes", format!("{{{}}}", tensor("a", "[4611686018427387904]", "0", "4")), "can be counted"),
        (
            "hidden product",
            format!("{{{}}}", tensor("a", &format!("[0,{huge},{huge}]"), "4", "4")),
            "can be counted",
        ),
        ("rank", format!("{{{}}}", tensor("a", "[1,1,1,1,1,1,1,1,1]", "0", "4")), "9 axes"),
        ("past the end", format!("{{{}}}", tensor("a", "[2]", "0", "8")), "8 bytes of tensors, but 4 follow"),
        ("far past the end", format!("{{{}}}", tensor("a", "[1]", "0", &huge)), "cut short"),
        ("gap", format!("{{{}}}", tensor("a", "[0]", "4", "4")), "must begin at 0"),
        (
            "backwards",
            format!("{{{},{}}}", tensor("a", "[1]", "0", "4"), tensor("b", "[0]", "4", "0")),
            "\"b\"",
        ),
        (
            "overlap",
            format!("{{{},{}}}", tensor("a", "[1]", "0", "4"), tensor("b", "[1]", "0", "4")),
            "\"b\"",
        ),
        ("size", format!("{{{}}}", tensor("a", "[2]", "0", "4")), "needs 8 bytes, but has 4"),
        ("twice", format!("{{{0},{0}}}", tensor("a", "[1]", "0", "4")), "twice"),
        ("two metadata", r#"{"__metadata__":{},"__metadata__":{}}"#.to_owned(), "duplicate"),
        ("two keys", r#"{"__metadata__":{"a":"","a":""}}"#.to_owned(), "twice"),
        ("our key, no checksum", r#"{"__metadata__":{"ntm":"hello"}}"#.to_owned(), "claims to be ours"),
        ("our key, short", r#"{"__metadata__":{"ntm":"checksum: 0"}}"#.to_owned(), "claims to be ours"),
    ];
    for (case, header, expected) in cases {
        let body: &[u8] = if header.contains("metadata") { &[] } else { &[0; 4] };
        let message = message(&file(&header, body));
        assert!(message.contains(expected), "{case}: {message}");
    }
}

#[test]
fn offsets_that_add_up_to_more_than_can_be_counted_are_refused() {
    // safetensors 0.8 panics on such a header in debug builds.
    let step = (1_u64 << 61) - 1;
    let tensors: Vec<_> = (0..8)
        .map(|i| {
            format!(
                r#""{i}":{{"dtype":"U8","shape":[{step}],"data_offsets":[{},{}]}}"#,
                i * step,
                (i + 1) * step
            )
        })
        .collect();
    assert!(message(&file(&format!("{{{}}}", tensors.join(",")), &[])).contains("cut short"));
}

#[test]
fn a_file_of_another_kind_is_told_so() {
    assert!(message(b"PK\x03\x04 a zip from another program").contains("no safetensors file"));
    assert!(message(b"").contains("no safetensors file"));
    assert!(message(&u64::MAX.to_le_bytes()).contains("no safetensors file"));
}

#[test]
fn names_from_a_file_cannot_disturb_the_terminal() {
    let header = r#"{"\u001b[2J":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}"#;
    assert!(!message(&file(header, &[])).contains('\u{1b}'));
    let long = format!(r#"{{"{}":{{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}}}"#, "x".repeat(1 << 20));
    assert!(message(&file(&long, &[])).len() < 500);
}

#[test]
fn writing_refuses_what_could_not_be_read() {
    let write = |name: &str, tensor| {
        let tensors = BTreeMap::from([(name.to_owned(), tensor)]);
        Archive { tensors, metadata: None }.to_bytes().unwrap_err().to_string()
    };
    assert!(write("w", Tensor::new([2, 2], vec![1.0_f32])).contains("needs 4 elements, but has 1"));
    assert!(write("w", Tensor::new([usize::MAX, 2], vec![1.0_f32])).contains("can be counted"));
    assert!(write("w", Tensor::new([1; 9], vec![1.0_f32])).contains("9 axes"));
    assert!(write("__metadata__", Tensor::new([0], Vec::<u64>::new())).contains("choose another"));
    let archive = Archive { metadata: Some(" ".repeat(MAX_HEADER)), ..Archive::default() };
    assert!(matches!(archive.to_bytes(), Err(ArchiveError::HeaderLength { .. })));
}

#[test]
fn files_are_written_whole_and_errors_name_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("last.safetensors");
    small().write(&path).unwrap();
    assert_eq!(Archive::read(&path).unwrap(), small());
    assert_eq!(fs::read(&path).unwrap(), small().to_bytes().unwrap());

    fs::write(&path, b"short").unwrap();
    let message = Archive::read(&path).unwrap_err().to_string();
    assert!(message.starts_with(&path.display().to_string()) && message.contains("cut short"), "{message}");
    assert!(
        Archive::read(directory.path()).unwrap_err().to_string().contains("checkpoints/last.safetensors")
    );
    let missing = directory.path().join("nowhere").join("x.safetensors");
    assert!(Archive::read(&missing).unwrap_err().to_string().contains("nowhere"));
    assert!(small().write(&missing).unwrap_err().to_string().contains("nowhere"));
}

#[test]
fn a_large_claim_costs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sparse.safetensors");
    fs::write(&path, file(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, &[0; 4])).unwrap();
    let sparse = fs::OpenOptions::new().write(true).open(&path).unwrap();
    if sparse.set_len(MAX_FILE).is_err() {
        return eprintln!("skipped: no sparse files here");
    }
    // Refused after reading the header; reading all of it would take seconds and 8 GiB.
    assert!(Archive::read(&path).unwrap_err().to_string().contains("something was appended"));
    if sparse.set_len(MAX_FILE + 1).is_ok() {
        assert!(Archive::read(&path).unwrap_err().to_string().contains("at most"));
    }
}

#[test]
fn golden_files_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ntm-cli/tests/golden");
    let folder = fs::read_dir(folder).unwrap();
    let mut seen = 0;
    for entry in folder {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "safetensors") {
            let archive = Archive::read(&path).unwrap();
            assert!(
                archive.tensors.values().all(|tensor| matches!(tensor.data, Data::F64(_))),
                "{}",
                path.display()
            );
            assert!(
                archive.tensors.contains_key("inputs") && archive.metadata.is_none(),
                "{}",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 0, "the golden folder has no safetensors files");
}
