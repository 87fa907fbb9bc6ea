# Trains a small convnet on handwritten digits, on as many ranks as it is started with:
#
#   oarlock launch -n 2 julia train_digits.jl --program digits.pt2 --train train.safetensors --test test.safetensors
#       --project run --epochs 8 [--resume]
#
# Checkpoints go to run/checkpoints, metrics to run/metrics.jsonl. --resume goes on from the latest checkpoint.
using Oarlock, Printf

function parse_arguments(arguments)
    values = Dict("resume" => "no")
    while !isempty(arguments)
        flag = popfirst!(arguments)
        if flag == "--resume"
            values["resume"] = "yes"
        elseif flag in ("--program", "--train", "--test", "--project", "--epochs") && !isempty(arguments)
            values[flag[3:end]] = popfirst!(arguments)
        else
            usage()
        end
    end
    length(values) == 6 && something(tryparse(Int, values["epochs"]), 0) > 0 ? values : usage()
end

function usage()
    println(stderr, "usage: train_digits --program P --train T --test T --project DIR --epochs N [--resume]")
    exit(2)
end

function train_epoch(state, accelerator, model, train, optimizer, scheduler)
    training!(model)
    losses = Progress(state, "epoch $(epoch(train) + 1)", num_samples(train)) do progress
        map(train) do batch
            loss = model(batch)["loss"]
            backward!(accelerator, loss)  # averages gradients over ranks meanwhile
            clip_grad_norm!(accelerator, model, 1.0)
            rate = learning_rate(optimizer)
            step!(accelerator, optimizer, scheduler)
            advance!(progress, samples_in_round(train); note = @sprintf("loss %.3f  lr %.5f", item(loss), rate))
            item(loss)
        end
    end
    # not sum(), which adds in another order than the other languages: the metrics are to be equal bit for bit
    reduce_mean(accelerator, foldl(+, losses) / length(losses))
end

function evaluate(accelerator, model, test)
    training!(model, false)
    correct = total = 0
    for batch in test
        logits = asarray(gather_for_metrics(accelerator, model(batch)["logits"]))  # of all ranks, each sample once
        labels = asarray(gather_for_metrics(accelerator, batch["labels"]))
        correct += count(i -> argmax(view(logits, i, :)) - 1 == labels[i], eachindex(labels))
        total += length(labels)
    end
    correct / total
end

function train(options, state)
    accelerator = Accelerator(state)
    num_epochs = parse(Int, options["epochs"])
    train = Loader(Dataset(options["train"]); batch_size = 32, shuffle = true, seed = 42)
    test = Loader(Dataset(options["test"]); batch_size = 32)
    prepare!(accelerator, train, test)  # each rank gets its share
    model = prepare!(accelerator, Model(state, options["program"]))  # data parallel over all ranks
    optimizer = prepare!(accelerator, Optimizer(model, "adamw"; lr = 0.004))
    scheduler = prepare!(accelerator, Scheduler(optimizer, "cosine"; warmup_steps = 20, total_steps = length(train) * num_epochs))
    tracker = Tracker(state, "jsonl"; path = joinpath(options["project"], "metrics.jsonl"))
    options["resume"] == "yes" && load!(accelerator)
    while epoch(train) < num_epochs
        loss = train_epoch(state, accelerator, model, train, optimizer, scheduler)
        log!(tracker, num_steps(optimizer); loss = loss, accuracy = evaluate(accelerator, model, test))
        save(accelerator)
    end
    accuracy = evaluate(accelerator, model, test)
    println(state, @sprintf("test accuracy %.4f after %d epochs", accuracy, num_epochs))
    foreach(close, (accelerator, tracker, train, test))
end

options = parse_arguments(copy(ARGS))
State(state -> train(options, state); seed = 7, checkpoint = (total_limit = 3,), project_dir = options["project"])
