//! Trains a model whose forward and backward are written here: digits by softmax regression, data parallel over all ranks.
//!
//!   oarlock launch -n 2 foreign_model --train train.safetensors --test test.safetensors --epochs 5
use ndarray::{Array1, Array2, ArrayView1, Axis, Ix1, Ix2};
use oarlock::*;

/// Images as rows of 64 numbers from 0 to 1, and their digits.
fn inputs(batch: &Tree) -> Result<(Array2<f32>, Vec<i64>)> {
    let labels = batch.tensor("labels")?.to_vec::<i64>()?;
    let pixels = batch.tensor("images")?.to_vec::<u8>()?.into_iter().map(|pixel| f32::from(pixel) / 16.0).collect();
    let images = Array2::from_shape_vec((labels.len(), 64), pixels).expect("images of 8 x 8 pixels");
    Ok((images, labels))
}

/// The model: probabilities of the digits, by weights that the optimizer changes in place.
struct Softmax {
    weight: Tensor, // [64, 10]
    bias: Tensor,   // [10]
    model: Model,
}

impl Softmax {
    fn new(state: &State) -> Result<Self> {
        let weight = Tensor::from_array(Array2::<f32>::zeros((64, 10)))?;
        let bias = Tensor::from_array(Array1::<f32>::zeros(10))?;
        let model = Model::foreign(state)?;
        model.register_parameter("weight", &weight)?;
        model.register_parameter("bias", &bias)?;
        Ok(Softmax { weight, bias, model })
    }

    fn forward(&self, images: &Array2<f32>) -> Result<Array2<f32>> {
        // SAFETY: nothing steps, loads or averages while these views live.
        let (weight, bias) = unsafe { (self.weight.view::<f32>()?, self.bias.view::<f32>()?) };
        let weight = weight.into_dimensionality::<Ix2>().expect("two dimensions");
        let mut logits = images.dot(&weight) + bias.into_dimensionality::<Ix1>().expect("one dimension");
        for mut row in logits.rows_mut() {
            let largest = row.fold(f32::MIN, |a, &b| a.max(b));
            row.mapv_inplace(|logit| (logit - largest).exp());
            let sum = row.sum();
            row /= sum;
        }
        Ok(logits)
    }

    /// The mean cross entropy; its gradients go to the accelerator as they are computed.
    fn backward(&self, accelerator: &Accelerator, batch: &Tree) -> Result<f64> {
        let (images, labels) = inputs(batch)?;
        let mut probabilities = self.forward(&images)?;
        let count = labels.len() as f32;
        let mut loss = 0.0;
        for (mut row, &label) in probabilities.rows_mut().into_iter().zip(&labels) {
            loss -= f64::from(row[label as usize].ln());
            row[label as usize] -= 1.0;
            row /= count;
        }
        accelerator.foreign_backward(&self.model, |gradients| {
            gradients.ready("bias", probabilities.sum_axis(Axis(0)))?;
            gradients.ready("weight", images.t().dot(&probabilities).as_standard_layout().into_owned())
        })?;
        Ok(loss / f64::from(count))
    }
}

fn accuracy(softmax: &Softmax, accelerator: &Accelerator, loader: &Loader) -> Result<f64> {
    let (mut sum, mut total) = (0.0, 0);
    for batch in loader {
        let (images, labels) = inputs(&batch?)?;
        let best = |row: ArrayView1<f32>| (0..10).max_by(|&a: &usize, &b| row[a].total_cmp(&row[b])).map(|digit| digit as i64);
        let probabilities = softmax.forward(&images)?;
        let hits = probabilities.rows().into_iter().zip(&labels).map(|(row, label)| f32::from(best(row) == Some(*label)));
        let mine = Tensor::from_vec(hits.collect(), &[labels.len()])?;
        let all = accelerator.gather_for_metrics(&mine)?.to_vec::<f32>()?; // each sample of all ranks once
        sum += f64::from(all.iter().sum::<f32>());
        total += all.len();
    }
    Ok(sum / total as f64)
}

fn run(train: &str, test: &str, epochs: usize) -> Result<()> {
    let state = State::new()?;
    let accelerator = Accelerator::new(&state)?;
    let options = json!({"batch_size": 32, "shuffle": true, "seed": 1});
    let train = accelerator.prepare(Loader::new(&Dataset::from_safetensors(train)?, options)?)?;
    let test = accelerator.prepare(Loader::new(&Dataset::from_safetensors(test)?, json!({"batch_size": 32}))?)?;
    let softmax = Softmax::new(&state)?;
    accelerator.prepare(&softmax.model)?; // all ranks hold rank 0's values from here on
    let optimizer = accelerator.prepare(Optimizer::new(&softmax.model, "sgd", json!({"lr": 1.0}))?)?;
    for epoch in 1..=epochs {
        let mut sum = 0.0;
        for batch in &train {
            sum += softmax.backward(&accelerator, &batch?)?;
            accelerator.step(&optimizer, None)?;
        }
        let loss = accelerator.reduce_mean(sum / train.num_batches()? as f64)?;
        state
            .print(&format!("epoch {epoch}: loss {loss:.4}, test accuracy {:.4}", accuracy(&softmax, &accelerator, &test)?))?;
    }
    state.close()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (["--train", train, "--test", test, "--epochs", _], Some(Ok(epochs))) =
        (&words[..], words.last().map(|last| last.parse()))
    else {
        eprintln!("usage: foreign_model --train T --test T --epochs N");
        std::process::exit(2)
    };
    if let Err(error) = run(train, test, epochs) {
        eprintln!("foreign_model: {error}");
        std::process::exit(1)
    }
}
