//! Trains a small convnet on handwritten digits, on as many ranks as it is started with:
//!
//!   oarlock launch -n 2 train_digits --program digits.pt2 --train train.safetensors --test test.safetensors \
//!       --project run --epochs 8 [--resume]
//!
//! Checkpoints go to run/checkpoints, metrics to run/metrics.jsonl. --resume goes on from the latest checkpoint.
use oarlock::*;

fn parse(arguments: &[String]) -> Option<([&String; 4], usize, bool)> {
    let value = |name| arguments.get(arguments.iter().position(|argument| argument == name)? + 1);
    let (epochs, resume) = (value("--epochs")?.parse().ok()?, arguments.iter().any(|argument| argument == "--resume"));
    let paths = [value("--program")?, value("--train")?, value("--test")?, value("--project")?];
    (epochs > 0 && arguments.len() == 10 + resume as usize).then_some((paths, epochs, resume))
}

fn run([program, train, test, project]: [&String; 4], epochs: usize, resume: bool) -> Result<()> {
    let config = Config::new()?; // defaults and environment
    config.merge(json!({"seed": 7, "checkpoint": {"total_limit": 3}, "project_dir": project}))?;
    let state = State::with_config(&config)?; // finds its rank and its peers
    let accelerator = Accelerator::new(&state)?; // what it prepares is shared out over the ranks
    let options = json!({"batch_size": 32, "shuffle": true, "seed": 42});
    let train = accelerator.prepare(Loader::new(&Dataset::from_safetensors(train)?, options)?)?;
    let test = accelerator.prepare(Loader::new(&Dataset::from_safetensors(test)?, json!({"batch_size": 32}))?)?;
    let model = accelerator.prepare(Model::load(&state, program, ())?)?;
    let optimizer = accelerator.prepare(Optimizer::new(&model, "adamw", json!({"lr": 0.004}))?)?;
    let schedule = json!({"warmup_steps": 20, "total_steps": train.num_batches()? * epochs});
    let scheduler = accelerator.prepare(Scheduler::new(&optimizer, "cosine", schedule)?)?;
    let tracker = Tracker::new(&state, "jsonl", json!({"path": format!("{project}/metrics.jsonl")}))?;

    let train_epoch = || {
        let progress = Progress::new(&state, &format!("epoch {}", train.epoch()? + 1), train.num_samples()?, "samples")?;
        let mut sum = 0.0;
        model.set_training(true)?;
        for batch in &train {
            let loss = model.forward(&batch?)?.tensor("loss")?;
            accelerator.backward(&loss)?; // averages gradients over ranks meanwhile
            accelerator.clip_grad_norm(&model, 1.0, 2.0)?;
            let rate = optimizer.learning_rate()?;
            accelerator.step(&optimizer, &scheduler)?;
            progress.advance(train.samples_in_round()?, &format!("loss {:.3}  lr {rate:.5}", loss.item()?))?;
            sum += loss.item()?;
        }
        progress.close()?;
        accelerator.reduce_mean(sum / train.num_batches()? as f64)
    };
    let evaluate = || -> Result<f64> {
        let (mut correct, mut total) = (0, 0);
        model.set_training(false)?;
        for batch in &test {
            let batch = batch?; // what is gathered has each sample of all ranks once
            let logits = accelerator.gather_for_metrics(&model.forward(&batch)?.tensor("logits")?)?.to_array::<f32>()?;
            let labels = accelerator.gather_for_metrics(&batch.tensor("labels")?)?.to_vec::<i64>()?;
            let best = logits.rows().into_iter().map(|row| (0..10).rev().max_by(|&a, &b| row[a].total_cmp(&row[b])));
            correct += best.zip(&labels).filter(|(best, label)| *best == Some(**label as usize)).count();
            total += labels.len();
        }
        Ok(correct as f64 / total as f64)
    };

    resume.then(|| accelerator.load_latest()).transpose()?;
    while train.epoch()? < epochs {
        let metrics = [("loss", train_epoch()?), ("accuracy", evaluate()?)];
        tracker.log(optimizer.num_steps()? as i64, &metrics)?;
        accelerator.save(())?;
    }
    state.print(&format!("test accuracy {:.4} after {epochs} epochs", evaluate()?))?;
    accelerator.close().and(tracker.close()).and(train.close()).and(test.close()).and(state.close())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (code, text) = match parse(&arguments).map(|(paths, epochs, resume)| run(paths, epochs, resume)) {
        Some(Ok(())) => return,
        Some(Err(error)) => (1, format!("train_digits: {error}")),
        None => (2, "usage: train_digits --program P --train T --test T --project DIR --epochs N [--resume]".into()),
    };
    eprintln!("{text}");
    std::process::exit(code)
}
