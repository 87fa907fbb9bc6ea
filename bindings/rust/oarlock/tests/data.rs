//! Data sets over files, parts of data sets, orders of samples.

use oarlock::{ColumnPadding, CsvColumn, Dataset, Dtype, ErrorKind, Loader, Result, Tensor, Tree, json, split_rows};

fn file(name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("oarlock-data-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).expect("a file");
    path
}

fn numbers(count: i64) -> Result<Dataset> {
    Dataset::from_tensors([("x", &Tensor::from_vec((0..count).collect(), &[count as usize])?)])
}

fn epoch(loader: &Loader) -> Result<Vec<Vec<i64>>> {
    loader.batches().map(|batch| batch?.tensor("x")?.to_vec()).collect()
}

#[test]
fn tokens_are_read_from_a_file() -> Result<()> {
    let path = file("tokens.bin", &(0..10u16).flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    let tokens = Dataset::from_tokens(&path, Dtype::Uint16, 4, 2, true)?;
    assert_eq!(tokens.size()?, 3);
    assert_eq!(tokens.get(&[1])?.tensor("labels")?.to_vec::<i64>()?, [3, 4, 5, 6]);
    std::fs::remove_file(path).expect("to remove it");
    Ok(())
}

#[test]
fn an_array_of_numpys_is_a_column() -> Result<()> {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend([1f32, 2., 3., 4.].iter().flat_map(|number| number.to_le_bytes()));
    let path = file("x.npy", &bytes);
    let dataset = Dataset::from_tensors([("x", &Tensor::from_npy(&path)?)])?;
    assert_eq!(dataset.get(&[1, 0])?.tensor("x")?.to_vec::<f32>()?, [3., 4., 1., 2.]);
    std::fs::remove_file(path).expect("to remove it");
    Ok(())
}

#[test]
fn tables_are_read_from_a_file() -> Result<()> {
    let path = file("table.csv", b"stars;text\n4;\"good; cheap\"\n5;fine\n");
    let columns = [("text", CsvColumn::Text), ("stars", CsvColumn::Numbers(Dtype::Float32))];
    let batch = Dataset::from_csv_columns(&path, &columns, ';', true)?.get(&[1, 0])?;
    assert_eq!(batch.tensor("stars")?.to_vec::<f32>()?, [5., 4.]);
    assert_eq!(batch.text("text.1")?, "good; cheap");
    let missing = Dataset::from_csv_columns(&path, &[("star", CsvColumn::Found)], ';', true);
    assert_eq!(missing.err().expect("no such column").kind(), ErrorKind::NotFound);
    std::fs::write(&path, "a,b\n1,2\n").expect("another table");
    assert_eq!(Dataset::from_csv(&path)?.get(&[0])?.tensor("b")?.to_vec::<i64>()?, [2]);
    std::fs::remove_file(path).expect("to remove it");
    Ok(())
}

#[test]
fn parts_make_data_sets() -> Result<()> {
    let both = Dataset::concatenate([&numbers(3)?, &numbers(10)?.subset(&[9, 0])?])?;
    assert_eq!(both.get(&[0, 1, 2, 3, 4])?.tensor("x")?.to_vec::<i64>()?, [0, 1, 2, 9, 0]);
    assert_eq!(both.subset(&[5]).err().expect("no such sample").kind(), ErrorKind::Argument);
    Ok(())
}

#[test]
fn samples_come_in_the_order_that_is_asked_for() -> Result<()> {
    let loader = Loader::new(&numbers(10)?, json!({"batch_size": 4}))?;
    loader.set_indices(&[7, 7, 1])?;
    assert_eq!(epoch(&loader)?, [[7, 7, 1]]);
    let mut weights = vec![0f64; 10];
    weights[9] = 2.5;
    loader.set_weights(&Tensor::from_vec(weights, &[10])?, 3, true)?;
    assert_eq!(epoch(&loader)?, [[9, 9, 9]]);
    loader.set_sampler(|epoch| Ok::<_, String>((epoch..10).step_by(3).collect()))?;
    assert_eq!(epoch(&loader)?, [[2, 5, 8]]);
    let batches = Loader::new(&numbers(10)?, json!({}))?;
    batches.set_batch_sampler(|epoch| Ok::<_, String>(vec![vec![0, epoch], vec![9]]))?;
    assert_eq!(epoch(&batches)?, [vec![0, 0], vec![9]]);
    loader.set_sampler(|_| Err::<Vec<usize>, _>("no order"))?;
    let error = loader.next_batch().err().expect("the closure's error");
    assert_eq!(error.kind(), ErrorKind::Callback);
    Ok(())
}

fn words() -> Result<Dataset> {
    Dataset::from_samples(3, |index| {
        let tokens: Vec<i64> = (1..=[2, 4, 1][index]).collect();
        let size = tokens.len();
        Tree::from_tensors([("t", &Tensor::from_vec(tokens, &[size])?)])
    })
}

#[test]
fn columns_are_padded_and_joined_by_a_closure() -> Result<()> {
    let loader = Loader::new(&words()?, json!({"batch_size": 3}))?;
    let padding = ColumnPadding { value: -1.0, multiple_of: 3, first: true, mask: Some("mask".into()) };
    loader.set_padding("t", &padding)?;
    let batch = loader.next_batch()?.expect("a batch");
    assert_eq!(batch.tensor("t")?.shape()?, [3, 6]);
    assert_eq!(batch.tensor("mask")?.to_vec::<i64>()?.iter().sum::<i64>(), 7);
    assert!(loader.next_batch()?.is_none());
    loader.set_collate(|samples| samples.at(2)?.tensor("t").and_then(|last| Tree::from_tensors([("last", &last)])))?;
    assert_eq!(loader.next_batch()?.expect("a batch").tensor("last")?.to_vec::<i64>()?, [-1, -1, -1, -1, -1, 1]);
    Ok(())
}

#[test]
fn sequences_are_packed_and_inputs_split() -> Result<()> {
    let rows = words()?.pack("t", 5, -1.0)?;
    assert_eq!(rows.size()?, 2);
    assert_eq!(rows.get(&[1])?.tensor("documents")?.to_vec::<i64>()?, [0, 0, 0, 0, 1]);
    assert_eq!(split_rows(7, 1, 3)?, 3..5);
    let list = Tree::from_json("[\"a\", \"b\", \"c\"]")?;
    assert_eq!(list.split(1, 2, true)?.to_json()?, "[\"c\",\"c\"]");
    Ok(())
}
