# Trains a model whose forward and backward are written in Julia: digits by one hidden layer, data parallel over all ranks.
#
#   oarlock launch -n 2 julia foreign_model.jl --train train.safetensors --test test.safetensors --epochs 5
using Oarlock, Printf, Random

"Images as columns of 64 numbers from 0 to 1, and their digits from 1 to 10."
function inputs(batch)
    labels = asarray(batch["labels"]) .+ 1
    images = memory_array(batch["images"])  # 8 x 8 x n: the pixels of an image lie side by side, which Julia likes
    reshape(images, 64, length(labels)) ./ 16.0f0, labels
end

"Weights of Julia's own, which the optimizer changes in place; one column of inputs and of outputs per sample."
struct Perceptron
    hidden::Matrix{Float32}   # 32 x 64
    output::Matrix{Float32}   # 10 x 32
    bias::Vector{Float32}     # 10
    model::Model
end

function Perceptron(state::State)
    random = MersenneTwister(Oarlock.rank(state))  # rank 0's values count: prepare! gives them to all
    perceptron = Perceptron(randn(random, Float32, 32, 64) / 8, randn(random, Float32, 10, 32) / 6, zeros(Float32, 10), Model(state))
    for name in (:hidden, :output, :bias)
        register_parameter!(perceptron.model, String(name), getfield(perceptron, name))
    end
    perceptron
end

function probabilities(perceptron, hidden)
    logits = perceptron.output * hidden .+ perceptron.bias
    exponents = exp.(logits .- maximum(logits, dims = 1))
    exponents ./ sum(exponents, dims = 1)
end

"The mean cross entropy; its gradients go to the accelerator as they are computed, the last layer's first."
function train_batch(perceptron, accelerator, batch)
    images, labels = inputs(batch)
    hidden = tanh.(perceptron.hidden * images)
    slope = probabilities(perceptron, hidden)
    places = CartesianIndex.(labels, 1:length(labels))
    loss = -sum(log, slope[places]) / length(labels)
    slope[places] .-= 1
    slope ./= length(labels)
    backward!(accelerator, perceptron.model) do ready
        ready("bias", vec(sum(slope, dims = 2)))
        ready("output", slope * hidden')
        ready("hidden", (perceptron.output' * slope) .* (1 .- hidden .^ 2) * images')
    end
    Float64(loss)
end

function accuracy(perceptron, accelerator, loader)
    correct = total = 0
    for batch in loader
        images, labels = inputs(batch)
        likely = probabilities(perceptron, tanh.(perceptron.hidden * images))
        hits = [argmax(likely[:, sample]) == labels[sample] for sample in eachindex(labels)]
        all_hits = asarray(gather_for_metrics(accelerator, hits))  # each sample of all ranks once
        correct, total = correct + sum(all_hits), total + length(all_hits)
    end
    correct / total
end

function train(state, train_file, test_file, num_epochs)
    accelerator = Accelerator(state)
    train = prepare!(accelerator, Loader(Dataset(train_file); batch_size = 32, shuffle = true, seed = 1))
    test = prepare!(accelerator, Loader(Dataset(test_file); batch_size = 32))
    perceptron = Perceptron(state)
    prepare!(accelerator, perceptron.model)
    optimizer = prepare!(accelerator, Optimizer(perceptron.model, "sgd"; lr = 0.5, momentum = 0.5))
    for number in 1:num_epochs
        losses = map(train) do batch
            loss = train_batch(perceptron, accelerator, batch)
            step!(accelerator, optimizer)
            loss
        end
        loss = reduce_mean(accelerator, sum(losses) / length(losses))
        println(state, @sprintf("epoch %d: loss %.4f, test accuracy %.4f", number, loss, accuracy(perceptron, accelerator, test)))
    end
end

if length(ARGS) != 6 || ARGS[1:2:5] != ["--train", "--test", "--epochs"]
    println(stderr, "usage: foreign_model --train T --test T --epochs N")
    exit(2)
end
State(state -> train(state, ARGS[2], ARGS[4], parse(Int, ARGS[6])))
