//! Trees and loaders.

use crate::{Outcome, digits_file, refused};
use oarlock::*;
use std::path::Path;

pub fn tree_values(_: &Path) -> Outcome {
    let big = (1i64 << 53) + 1;
    let tensor = Tensor::from_vec(vec![1.0f32, 2.0], &[2])?;
    let address = tensor.data_ptr()?;
    let inner = vec![Value::from(big), Value::from(0.5), Value::from(true), Value::from("\u{e9}t\u{e9}"), Value::None];
    let value = Value::map([("x", tensor.into()), ("a.b", inner.into()), ("", Value::map([("k", 7.into())]))]);
    let tree = Tree::from_value(&value)?;
    assert_eq!(tree.keys()?, ["x", "a.b", ""]);
    assert_eq!((tree.int("a.b.0")?, tree.float("a.b.1")?, tree.bool("a.b.2")?), (big, 0.5, true));
    assert_eq!(tree.text("a.b.3")?, "\u{e9}t\u{e9}");

    let back = tree.to_value()?;
    let items = back.get("a.b").and_then(Value::as_list).expect("a list");
    assert!(matches!(items, [Value::Int(integer), Value::Float(0.5), Value::Bool(true), Value::Text(text), Value::None]
        if *integer == big && text == "\u{e9}t\u{e9}"));
    assert!(matches!(back.get("").and_then(|inner| inner.get("k")), Some(Value::Int(7))));
    let shared = back.get("x").and_then(Value::as_tensor).expect("a tensor");
    assert_eq!(shared.data_ptr()?, address);

    refused(ErrorKind::NotFound, "'y'", tree.tensor("y"));
    refused(ErrorKind::NotFound, "a.b", tree.get("y"));
    refused(ErrorKind::Argument, "list", tree.tensor("a.b"));
    Ok(())
}

fn digits(options: impl Options) -> Result<(Dataset, Loader)> {
    let dataset = Dataset::from_safetensors(digits_file("test.safetensors"))?;
    let loader = Loader::new(&dataset, options)?;
    Ok((dataset, loader))
}

/// Images and labels of a batch.
fn content(batch: &Tree) -> Result<(Vec<u8>, Vec<i64>)> {
    Ok((batch.tensor("images")?.to_vec()?, batch.tensor("labels")?.to_vec()?))
}

pub fn loader_loop(_: &Path) -> Outcome {
    let (dataset, loader) = digits(json!({"batch_size": 32}))?;
    assert_eq!((dataset.size()?, loader.num_batches()?), (360, 12));
    for epoch in 0..2 {
        assert_eq!(loader.epoch()?, epoch);
        let mut start = 0;
        for batch in &loader {
            let batch = batch?;
            let rows: Vec<usize> = (start..(start + 32).min(360)).collect();
            assert_eq!(batch.tensor("images")?.shape()?, [rows.len(), 8, 8]);
            assert_eq!(content(&batch)?, content(&dataset.get(&rows)?)?);
            start += rows.len();
            assert_eq!(loader.position()?, start.div_ceil(32));
        }
        assert_eq!(start, 360);
    }
    assert_eq!(loader.epoch()?, 2);
    Ok(())
}

pub fn loader_seek(_: &Path) -> Outcome {
    let options = json!({"batch_size": 32, "shuffle": true, "seed": 5});
    let (sought, walked) = (digits(&options)?.1, digits(&options)?.1);
    sought.seek(1, 3)?;
    let first = content(&walked.next_batch()?.expect("a batch"))?;
    assert_eq!(walked.batches().count(), 11);
    for batch in walked.batches().take(3) {
        assert_ne!(content(&batch?)?, first, "each epoch has an order of its own");
    }
    let (one, other) = (sought.next_batch()?.expect("a batch"), walked.next_batch()?.expect("a batch"));
    assert_eq!(content(&one)?, content(&other)?);
    assert_eq!((sought.epoch()?, sought.position()?), (1, 4));
    refused(ErrorKind::Argument, "13", sought.seek(0, 13));
    Ok(())
}
