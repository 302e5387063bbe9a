"""Reference for the wirings in which heads act before the controller, with the step before, on the cell state, coupled
or cut. JAX, float64, written from the equations to be read; gradients are automatic. It shares no code with the engine.

    python wirings.py --write DIR [--only NAME]   compute the cases below into DIR/NAME.{json,safetensors}
    python wirings.py --check DIR                 recompute every case of DIR from its stored parameters and compare

Needs jax, numpy, safetensors. README.md beside this file says what the files hold and what the names mean.

A model is a plain dict, a dict with "kind" a named variant. Functions of a model take ONE item: memory (slots, width),
weighting (slots), read (width). Batches come from jax.vmap.
"""
import argparse, json, math, os, pathlib

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load_file, save_file

# ------------------------------------------------------------------------------------------- functions of a number


def sigmoid(x):
    return 1.0 / (1.0 + jnp.exp(-x))


def softplus(x):
    return jnp.logaddexp(x, 0.0)


def softmax(x):
    e = jnp.exp(x - jnp.max(x))
    return e / jnp.sum(e)


def cut(x, low, high):
    """x cut to low ..= high, with derivative 0 outside."""
    return jnp.where(x > high, high, jnp.where(x < low, low, x))


def relu(x):
    return jnp.where(x > 0.0, x, 0.0)


FUNCTIONS = {
    "Linear": lambda x: x, "Tanh": jnp.tanh, "Relu": relu, "Sigmoid": sigmoid, "Exp": jnp.exp, "Softplus": softplus,
    "HardSigmoid": lambda x: cut(0.2 * x + 0.5, 0.0, 1.0), "TenSigmoid": lambda x: 10.0 * sigmoid(x),
    "OnePlusSoftplus": lambda x: 1.0 + softplus(x), "OnePlusRelu": lambda x: 1.0 + relu(x),
}


def apply(function, x):
    if isinstance(function, dict):                                   # {"kind": "Clip", "min": a, "max": b}
        return cut(x, function["min"], function["max"])
    return FUNCTIONS[function](x)


# ----------------------------------------------------------------------------------------------------- addressing


def norm(x):
    """Euclidean norm over the last axis, with derivative 0 at the zero vector."""
    square = jnp.sum(x * x, axis=-1)
    return jnp.where(square > 0.0, jnp.sqrt(jnp.where(square > 0.0, square, 1.0)), 0.0)


def similarities(similarity, key, memory):
    """One number per slot."""
    dots = memory @ key
    if similarity["kind"] == "Dot":
        return dots
    e = similarity["epsilon"]
    if similarity["at"] == "InsideRoot":
        return dots / jnp.sqrt(jnp.sum(memory * memory, axis=1) * jnp.sum(key * key) + e)
    u, v = norm(memory), norm(key)
    return dots / {"Denominator": lambda: u * v + e, "Floor": lambda: jnp.maximum(u * v, e),
                   "Norms": lambda: (u + e) * (v + e)}[similarity["at"]]()


def moved(weights, by, boundary):
    """What was on slot i is on slot i + by; over an end it comes back at the other (Circular) or is lost (Zero)."""
    slots = weights.shape[0]
    at = np.arange(slots) - by
    inside = (at >= 0) & (at < slots)
    return weights[at % slots] if boundary == "Circular" else jnp.where(inside, weights[at % slots], 0.0)


def stages(head, numbers, previous, memory):
    """A head's chain, from its raw numbers by name: its new weighting, and all that it made on the way."""
    weights, made = previous, {}
    for stage in head["addressing"]:
        kind = stage["kind"]
        if kind == "Content":
            made["key"] = apply(stage["key"], numbers["key"])
            made["strength"] = apply(stage["strength"], numbers["strength"])
            weights = softmax(made["strength"] * similarities(stage["similarity"], made["key"], memory))
            made["content"] = weights
        elif kind == "Interpolate":
            made["gate"] = apply(stage["gate"], numbers["gate"])
            weights = made["interpolated"] = made["gate"] * weights + (1.0 - made["gate"]) * previous
        elif kind == "Shift":
            reach, boundary = stage["range"], stage.get("boundary", "Circular")
            raw = numbers["shift"]
            taps = made["shift"] = softmax(relu(raw) if stage["kernel"] == "SoftmaxOfRelu" else raw)
            sign = 1 if stage["direction"] == "FirstForward" else -1
            weights = sum(taps[j] * moved(weights, sign * (reach - j), boundary) for j in range(2 * reach + 1))
            made["shifted"] = weights
        elif kind == "ScalarShift":
            x = 2.0 * sigmoid(numbers["shift"]) - 1.0
            x = made["shift"] = -x if stage["direction"] == "PositiveDown" else x
            up, down = relu(x), relu(-x)                             # one of them is 0
            ring = lambda by: moved(weights, by, "Circular")
            weights = made["shifted"] = (1.0 - up - down) * weights + up * ring(1) + down * ring(-1)
        else:
            gamma = made["sharpening"] = apply(stage["power"], numbers["sharpening"])
            base = stage.get("epsilon_at") == "Base"
            powers = (weights + stage["epsilon"] if base else weights) ** gamma
            weights = powers / (jnp.sum(powers) + (0.0 if base else stage["epsilon"]))
    return weights, made


def raw_layout(head, width):
    """The raw numbers of a head in order, as (name, how many)."""
    of = {"Content": lambda s: [("key", width), ("strength", 1)], "Interpolate": lambda s: [("gate", 1)],
          "Shift": lambda s: [("shift", 2 * s["range"] + 1)], "ScalarShift": lambda s: [("shift", 1)],
          "Sharpen": lambda s: [("sharpening", 1)]}
    layout = [part for stage in head["addressing"] for part in of[stage["kind"]](stage)]
    if head["kind"] == "Write":
        layout += [] if head["erase"] == "Coupled" else [("erase", width)]
        layout += [("add", width)]
    return layout


def named(head, raw, width):
    """A head's raw numbers by name."""
    numbers, at = {}, 0
    for name, size in raw_layout(head, width):
        one = size == 1 and name not in ("key", "erase", "add")
        numbers[name] = raw[at] if one else raw[at:at + size]
        at += size
    return numbers


# ---------------------------------------------------------------------------------------------------- controllers


def suffix(controller, layer):
    return f"_l{layer}" if controller.get("layers", 1) > 1 else ""


def run_controller(controller, p, x, state):
    """(output, what of it the heads may see besides: the cell state or None, next state)."""
    if controller["kind"] == "Mlp":
        for k in range(len(controller["hidden"])):
            x = p[f"controller.layers.{k}.weight"] @ x + p[f"controller.layers.{k}.bias"]
            x = apply(controller["activation"], x)
        return x, None, {}
    layers, skip, following, below = controller.get("layers", 1), controller.get("skip", False), [], x
    for layer in range(layers):
        of = lambda name: p[f"controller.{name}{suffix(controller, layer)}"]
        before = {k: v[layer] for k, v in state.items()}
        if controller["kind"] == "Lstm":
            i, f, g, o = jnp.split(of("weight_ih") @ below + of("weight_hh") @ before["h"] + of("bias"), 4)
            c = sigmoid(f) * before["c"] + sigmoid(i) * jnp.tanh(g)
            following.append({"h": sigmoid(o) * jnp.tanh(c), "c": c})
        else:                                                        # Gru
            from_x = jnp.split(of("weight_ih") @ below + of("bias_ih"), 3)
            from_h = jnp.split(of("weight_hh") @ before["h"] + of("bias_hh"), 3)
            r, z = sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1])
            n = jnp.tanh(from_x[2] + r * from_h[2])
            following.append({"h": (1.0 - z) * n + z * before["h"]})
        below = jnp.concatenate([x, following[-1]["h"]]) if skip else following[-1]["h"]
    state = {k: jnp.stack([s[k] for s in following]) for k in following[0]}
    return (*shown(controller, state), state)


def shown(controller, state):
    """What a recurrent controller in this state gives as output and as cell state: of all layers, the lowest first, if
    it has skips, else of the last."""
    seen = {k: v.reshape(-1) if controller.get("skip", False) else v[-1] for k, v in state.items()}
    return seen["h"], seen.get("c")


def before_first_step(controller, p):
    """The controller's state before the first step, and what counts as its output and its cell state there."""
    kind, learned = controller["kind"], controller.get("start") == "Learned"
    if kind == "Mlp":
        return {}, p["start.controller.h"] if learned else jnp.zeros(controller["hidden"][-1]), None
    zeros = jnp.zeros((controller.get("layers", 1), controller["hidden"]))
    state = {k: p[f"start.controller.{k}"] if learned else zeros for k in (("h", "c") if kind == "Lstm" else ("h",))}
    return state, *shown(controller, state)


# ----------------------------------------------------------------------------------------------------- the machine


def early(model, head):
    """Whether the controller sees in the same step what this head reads."""
    return model.get("step") == "MemoryThenController" or head.get("using") == "Previous"


def turns(model):
    """The heads in groups, one group after the other. In a group all heads address the same memory, then its readers
    read that, then its writers write."""
    heads = model["heads"]
    of = lambda kind: [i for i, head in enumerate(heads) if head["kind"] == kind]
    return {"ReadThenWrite": [list(range(len(heads)))], "WriteThenRead": [of("Write"), of("Read")],
            "Listed": [[i] for i in range(len(heads))]}[model["order"]]


def written(memory, writes, how):
    """writes: (weighting, erase or None where it is coupled, add) of each write head."""
    erased = lambda m, w, e: m * (1.0 - w[:, None]) if e is None else m * (1.0 - jnp.outer(w, e))
    if how == "Sequential":
        for w, e, a in writes:
            memory = erased(memory, w, e) + jnp.outer(w, a)
        return memory
    for w, e, _ in writes:
        memory = erased(memory, w, e)
    for w, _, a in writes:
        memory = memory + jnp.outer(w, a)
    return memory


def step(model, p, x, state):
    """One step of a machine: what the output layer sees, the next state, the trace."""
    heads, width, trace = model["heads"], model["memory"]["width"], {}
    memory, weightings, reads = state["memory"], list(state["weightings"]), dict(state["reads"])

    def numbers_from(driver):
        """The raw numbers of every head."""
        raws = [p[f"heads.{i}.weight"] @ driver + p[f"heads.{i}.bias"] for i in range(len(heads))]
        most = model.get("raw_clip")
        return raws if most is None else [cut(raw, -most, most) for raw in raws]

    def act(group, memory, using, raws):
        """Heads of a group that use this weighting read with it, then write with it and with these numbers."""
        which = [i for i in group if heads[i].get("using", "Current") == using]
        writes = []
        for i in which:
            if heads[i]["kind"] == "Read":
                reads[i] = trace[f"heads.{i}.read"] = weightings[i] @ memory
            else:
                numbers = named(heads[i], raws[i], width)
                add = trace[f"heads.{i}.add"] = apply(heads[i]["add"], numbers["add"])
                erase = None
                if heads[i]["erase"] != "Coupled":
                    erase = trace[f"heads.{i}.erase"] = apply(heads[i]["erase"], numbers["erase"])
                writes.append((weightings[i], erase, add))
        return written(memory, writes, model["writes"])

    def address(i, memory, raws):
        trace[f"heads.{i}.raw"] = raws[i]
        new, made = stages(heads[i], named(heads[i], raws[i], width), state["weightings"][i], memory)
        trace.update({f"heads.{i}.{k}": v for k, v in made.items()})
        weightings[i] = trace[f"heads.{i}.weighting"] = new

    def address_and_act(memory, raws):
        for group in turns(model):
            for i in group:
                address(i, memory, raws)
            memory = act(group, memory, "Current", raws)
        return memory

    old = numbers_from(state["driver"])
    for group in turns(model):
        memory = act(group, memory, "Previous", old)
    if model.get("step") == "MemoryThenController":
        memory = address_and_act(memory, old)
    # where a head has not read yet, this is still what it read in the step before
    seen = [reads[i] for i, head in enumerate(heads) if head["kind"] == "Read"]
    output, cell, controller = run_controller(model["controller"], p, jnp.concatenate([x, *seen]), state["controller"])
    driver = cell if model.get("heads_see") == "Cell" else output
    if model.get("step") != "MemoryThenController":
        memory = address_and_act(memory, numbers_from(driver))

    trace.update({f"controller.{k}": v for k, v in controller.items()}, memory=memory)
    trace["controller.output"] = output
    seen = [reads[i] for i, head in enumerate(heads) if head["kind"] == "Read"]
    following = {"controller": controller, "driver": driver, "memory": memory, "weightings": weightings, "reads": reads}
    return jnp.concatenate([output, *(seen if model["output"] == "HiddenAndReads" else [])]), following, trace


def start(model, p):
    """All that there is before the first step."""
    controller, output, cell = before_first_step(model["controller"], p)
    slots, width, first = model["memory"]["slots"], model["memory"]["width"], model["memory"]["start"]

    def begun(how, name, shape):
        if how in ("Learned", "Given"):
            return p[("start." if how == "Learned" else "given.") + name]
        if how == "Zeros":
            return jnp.zeros(shape)
        if how["kind"] == "LearnedThrough":
            return apply(how["of"], p["start." + name])
        return jnp.full(shape, how["value"])                         # Constant

    weightings, reads = [], {}
    for i, head in enumerate(model["heads"]):
        weightings.append({
            "Learned": lambda: softmax(p[f"start.heads.{i}.weighting"]), "OneHot": lambda: jnp.eye(slots)[0],
            "Zeros": lambda: jnp.zeros(slots), "Uniform": lambda: jnp.full(slots, 1.0 / slots)}[head["weighting"]]())
        if head["kind"] == "Read":                                   # an early one is never seen: zeros hold its place
            reads[i] = begun("Zeros" if early(model, head) else head["read"], f"heads.{i}.read", width)
    return {"controller": controller, "driver": cell if model.get("heads_see") == "Cell" else output,
            "memory": begun(first, "memory", (slots, width)), "weightings": weightings, "reads": reads}


def run_item(model, p, inputs):
    """inputs (steps, X) -> every quantity, each with the steps in front."""

    def one(state, x):
        seen, state, trace = step(model, p, x, state)
        logits = p["output.weight"] @ seen + p["output.bias"]
        return state, {**trace, "logits": logits, "outputs": sigmoid(logits)}

    return jax.lax.scan(one, start(model, p), inputs)[1]


def run(model, p, inputs):
    return jax.vmap(lambda x: run_item(model, p, x))(inputs)


def item_losses(logits, targets, mask):
    """Binary cross-entropy of each item in nats, summed over scored steps and channels."""
    return jnp.sum(mask[:, :, None] * (softplus(logits) - targets * logits), axis=(1, 2))


def loss(model, p, inputs, targets, mask):
    return jnp.mean(item_losses(run(model, p, inputs)["logits"], targets, mask))


# ----------------------------------------------------------------------------------------------- parameters, draws


def declare(case):
    """Name -> (shape, standard deviation of its draw). `given.*` are constants, not parameters."""
    model, spec = case["model"], {}
    controller, heads = model["controller"], model["heads"]
    slots, width = model["memory"]["slots"], model["memory"]["width"]
    reads = width * sum(head["kind"] == "Read" for head in heads)
    fan = case["inputs"] + reads

    def matrix(name, rows, columns):
        spec[name] = ((rows, columns), 1.1 / math.sqrt(columns))

    if controller["kind"] == "Mlp":
        for k, units in enumerate(controller["hidden"]):
            matrix(f"controller.layers.{k}.weight", units, fan)
            spec[f"controller.layers.{k}.bias"] = ((units,), 0.3)
            fan = units
        output = fan
        if controller["start"] == "Learned":
            spec["start.controller.h"] = ((output,), 0.5)
    else:
        hidden, layers, skip = controller["hidden"], controller.get("layers", 1), controller.get("skip", False)
        gates, biases = (4, ["bias"]) if controller["kind"] == "Lstm" else (3, ["bias_ih", "bias_hh"])
        for layer in range(layers):
            end = suffix(controller, layer)
            columns = (fan if layer == 0 or skip else 0) + (hidden if layer > 0 else 0)
            matrix(f"controller.weight_ih{end}", gates * hidden, columns)
            matrix(f"controller.weight_hh{end}", gates * hidden, hidden)
            for bias in biases:
                spec[f"controller.{bias}{end}"] = ((gates * hidden,), 0.3)
        output = hidden * (layers if skip else 1)
        if controller["start"] == "Learned":
            spec["start.controller.h"] = ((layers, hidden), 0.5)
            if controller["kind"] == "Lstm":
                spec["start.controller.c"] = ((layers, hidden), 0.7)
    for i, head in enumerate(heads):
        rows = sum(size for _, size in raw_layout(head, width))
        matrix(f"heads.{i}.weight", rows, output)
        spec[f"heads.{i}.bias"] = ((rows,), 0.3)
    matrix("output.weight", case["outputs"], output + (reads if model["output"] == "HiddenAndReads" else 0))
    spec["output.bias"] = ((case["outputs"],), 0.3)

    def begun(how, name, shape, deviation):
        learned = how == "Learned" or isinstance(how, dict) and how["kind"] == "LearnedThrough"
        if learned or how == "Given":
            spec[("start." if learned else "given.") + name] = (shape, deviation)

    begun(model["memory"]["start"], "memory", (slots, width), 0.6)
    for i, head in enumerate(heads):
        if head["weighting"] == "Learned":
            spec[f"start.heads.{i}.weighting"] = ((slots,), 1.2)
        if head["kind"] == "Read" and not early(model, head):
            begun(head["read"], f"heads.{i}.read", (width,), 0.5)
    return spec


def live_steps(case):
    """(batch, steps): whether a step lies within its item."""
    return np.arange(case["steps"])[None, :] < np.array(case["lengths"])[:, None]


def draw(case, rng):
    p = {name: rng.normal(0.0, deviation, shape) for name, (shape, deviation) in declare(case).items()}
    for i, head in enumerate(case["model"]["heads"]):                # more focus than chance would give
        more = {"strength": 2.0, "sharpening": 1.0}
        layout = raw_layout(head, case["model"]["memory"]["width"])
        p[f"heads.{i}.bias"] += np.concatenate([np.full(size, more.get(name, 0.0)) for name, size in layout])
    sizes, live = (case["batch"], case["steps"]), live_steps(case)
    scored = live & (rng.random(sizes) < 0.65)
    scored[np.arange(sizes[0]), np.array(case["lengths"]) - 1] = True
    inputs = rng.normal(0.0, 1.0, (*sizes, case["inputs"])) * live[:, :, None]
    targets = (rng.random((*sizes, case["outputs"])) < 0.5) * live[:, :, None]
    return p, inputs, targets.astype(float), scored.astype(float)


# --------------------------------------------------------------------------------------------------------- the files


def evaluate(case, p, inputs, targets, mask):
    """Every tensor of a case under its name in the file, and the numbers of its JSON."""
    model, live = case["model"], live_steps(case)
    trace = jax.jit(lambda p, x: run(model, p, x))(p, inputs)
    value, (d_p, d_inputs) = jax.jit(jax.value_and_grad(
        lambda p, x: loss(model, p, x, targets, mask), argnums=(0, 1)))(p, inputs)
    tensors = {"inputs": inputs, "targets": targets, "mask": mask, **p, "grad.inputs": d_inputs}
    tensors.update({f"grad.{k}": v for k, v in d_p.items()})
    for k, v in trace.items():                                       # what lies after an item's end reads as zero
        tensors[f"trace.{k}"] = np.where(live.reshape(live.shape + (1,) * (v.ndim - 2)), np.asarray(v), 0.0)
    tensors = {k: np.ascontiguousarray(np.asarray(v, dtype=np.float64)) for k, v in tensors.items()}
    assert all(np.isfinite(v).all() for v in tensors.values()), case["name"]
    wrong = np.sum(mask[:, :, None] * ((np.asarray(trace["outputs"]) >= 0.5) != (targets >= 0.5)))
    return tensors, {
        "loss": float(value), "nats_per_item": np.asarray(item_losses(trace["logits"], targets, mask)).tolist(),
        "bits_per_sequence": float(value) / math.log(2.0), "wrong_bits_per_sequence": float(wrong) / case["batch"]}


def central_differences(case, p, inputs, targets, mask, tensors, rng):
    """Five-point differences at random entries of every gradient; and every item alone, without its padding."""
    value = jax.jit(lambda p, x, t, m: loss(case["model"], p, x, t, m))
    h, worst, entries = 2e-4, 0.0, 0
    for name in [*p, "inputs"]:
        whole = inputs if name == "inputs" else p[name]
        gradient = tensors[f"grad.{name}"].ravel()
        for at in rng.choice(whole.size, min(whole.size, 8), replace=False):
            def at_distance(by):
                x = np.array(whole)
                x.ravel()[at] += by
                given = (p, x) if name == "inputs" else ({**p, name: x}, inputs)
                return float(value(*given, targets, mask))
            near, far = at_distance(h) - at_distance(-h), at_distance(2 * h) - at_distance(-2 * h)
            error = abs((8 * near - far) / (12 * h) - gradient[at]) / max(abs(gradient[at]), 1e-3)
            worst, entries = max(worst, error), entries + 1
    together = float(value(p, inputs, targets, mask))
    alone = [float(value(p, *(v[b:b + 1, :n] for v in (inputs, targets, mask)))) for b, n in enumerate(case["lengths"])]
    assert abs(np.mean(alone) - together) < 1e-12 * max(1.0, together), (case["name"], alone, together)
    assert worst < 1e-7, (case["name"], worst)
    return {"entries": entries, "worst_relative_error": float(worst), "relative_to": "max(|gradient|, 1e-3)"}


def ron(node, field=""):
    """A model as it stands after `model:` in an experiment file."""
    if isinstance(node, list):
        items = "[" + ", ".join(ron(n) for n in node) + "]"
        return f"Chain({items})" if field == "addressing" else items
    if not isinstance(node, dict):
        return str(node).lower() if isinstance(node, bool) else str(node)
    name = node.get("kind") or ("Dense" if field == "memory" else "")
    if name in ("Constant", "LearnedThrough"):
        return f"{name}({node['value'] if name == 'Constant' else node['of']})"
    return f"{name}({', '.join(f'{k}: {ron(v, k)}' for k, v in node.items() if k != 'kind')})"


def bites(case, tensors):
    """A case that is there for raw_clip has numbers that are cut and others that are not."""
    most = case["model"].get("raw_clip")
    if most is not None:
        live = live_steps(case)
        raw = [tensors[f"trace.heads.{i}.raw"][live] for i in range(len(case["model"]["heads"]))]
        share = np.mean(np.concatenate([np.abs(r).ravel() >= most for r in raw]))
        assert 0.02 < share < 0.5, (case["name"], share)


def write_case(case, folder):
    rng = np.random.default_rng(case["seed"])
    p, inputs, targets, mask = draw(case, rng)
    tensors, numbers = evaluate(case, p, inputs, targets, mask)
    bites(case, tensors)
    numbers["central_differences"] = central_differences(case, p, inputs, targets, mask, tensors, rng)
    model, shapes = case["model"], {k: list(v.shape) for k, v in p.items()}
    parameters = {k: v for k, v in shapes.items() if not k.startswith("given.")}
    record = {**{k: v for k, v in case.items() if k != "model"}, **numbers, "ron": ron(model), "model": model,
              "raw": [raw_layout(head, model["memory"]["width"]) for head in model["heads"]],
              "parameter_count": sum(math.prod(v) for v in parameters.values()), "parameters": parameters,
              "given": {k: v for k, v in shapes.items() if k.startswith("given.")},
              "trace": {k[6:]: list(v.shape) for k, v in tensors.items() if k.startswith("trace.")}}
    file = folder / f"{case['name']}.safetensors"
    save_file(tensors, file, metadata={"case": case["name"]})
    file.chmod(0o644)
    file.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    error = numbers["central_differences"]["worst_relative_error"]
    print(f"{case['name']:28} loss {numbers['loss']:.15g}  central differences {error:.1e}")


def check_case(path):
    case, stored = json.loads(path.read_text()), load_file(path.with_suffix(".safetensors"))
    if case["model"]["kind"] != "Ntm":
        return print(f"{case['name']:28} has no memory: left out")
    for head in case["model"]["heads"]:                              # files of reference.py do not say it
        for stage in head["addressing"]:
            if stage["kind"] == "Interpolate":
                stage.setdefault("gate", "Sigmoid")
    p = {k: stored[k] for k in [*case["parameters"], *case["given"]]}
    tensors, numbers = evaluate(case, p, stored["inputs"], stored["targets"], stored["mask"])
    assert tensors.keys() == stored.keys(), tensors.keys() ^ stored.keys()
    worst = max(np.max(np.abs(v - stored[k]) / np.maximum(np.abs(stored[k]), 1e-3)) for k, v in tensors.items())
    off = abs(numbers["loss"] - case["loss"])
    print(f"{case['name']:28} loss differs by {off:.1e}, worst relative difference {worst:.1e}")
    assert worst < 1e-9, "differs"


# --------------------------------------------------------------------------------------------------------- the cases


def kind(name, **settings):
    return {"kind": name, **settings}


def lstm(hidden, **settings):
    return kind("Lstm", hidden=hidden, **{"layers": 1, "skip": False, "start": "Learned", **settings})


def cosine(epsilon=1e-8, at="Denominator"):
    return kind("Cosine", epsilon=epsilon, at=at)


def content(similarity=None, key="Linear", strength="Softplus"):
    return kind("Content", key=key, strength=strength, similarity=similarity or cosine())


def gate(function="Sigmoid"):
    return kind("Interpolate", gate=function)


def shift(reach=1, direction="FirstForward", **settings):
    return kind("Shift", range=reach, direction=direction, kernel="Softmax", **settings)


def sharpen(power="OnePlusSoftplus", epsilon=0.0, **settings):
    return kind("Sharpen", power=power, epsilon=epsilon, **settings)


def classic(**settings):
    return [content(**settings), gate(), shift(), sharpen()]


def read(addressing, **settings):
    """With using: Previous, or where memory comes first, nothing is read before the first step."""
    return kind("Read", addressing=addressing, **{"using": "Current", "weighting": "Learned", **settings})


def write(addressing, **settings):
    usual = {"using": "Current", "weighting": "Learned", "erase": "Sigmoid", "add": "Linear"}
    return kind("Write", addressing=addressing, **{**usual, **settings})


def ntm(controller, slots, width, start, heads, **settings):
    usual = {"order": "ReadThenWrite", "writes": "Together", "step": "ControllerThenMemory", "heads_see": "Hidden",
             "output": "HiddenAndReads"}
    memory = {"slots": slots, "width": width, "start": start}
    return kind("Ntm", controller=controller, memory=memory, heads=heads, **{**usual, **settings})


def constant(value):
    return kind("Constant", value=value)


def clip(low, high):
    return kind("Clip", min=low, max=high)


def through(function):
    return kind("LearnedThrough", of=function)


def collier_beel():
    chain = [content(key="Tanh"), gate(), shift(), sharpen()]
    heads = [read(chain, read=through("Tanh")), write(chain, add="Tanh"), write(chain, add="Tanh")]
    return ntm(lstm(5), 7, 3, through("Tanh"), heads, writes="Sequential", raw_clip=1.0)


def feed_forward_previous_read():
    chain = [content(cosine(0.0)), gate(), kind("ScalarShift", direction="PositiveUp"), sharpen()]
    controller = kind("Mlp", hidden=[6], activation="Sigmoid", start="Zeros")
    return ntm(controller, 6, 4, "Learned", [read(chain, using="Previous"), write(chain)], output="Hidden")


def write_first():
    unit = clip(0.0, 1.0)
    chain = [content(cosine(1e-2, "InsideRoot"), key=unit, strength="Relu"), gate("HardSigmoid"), shift(),
             sharpen("OnePlusRelu")]
    before = {"using": "Previous", "weighting": "OneHot"}
    heads = [write(chain, add=unit, **before), read(chain, **before)]
    controller = kind("Mlp", hidden=[5, 6], activation="Relu", start="Learned")
    return ntm(controller, 6, 3, "Learned", heads, order="WriteThenRead", output="Hidden")


def coupled_erase():
    heads = [read(classic(key="Tanh"), read="Learned"), write(classic(key="Tanh"), erase="Coupled", add="Tanh")]
    return ntm(lstm(5), 7, 3, constant(1e-6), heads, heads_see="Cell")


def coupled_erase_skip():
    heads = [write(classic(), erase="Coupled"), read(classic(), read="Learned"), write(classic())]
    return ntm(lstm(4, layers=2, skip=True), 6, 3, "Learned", heads, heads_see="Cell")


def zero_padded():
    end = sharpen(epsilon=1e-2, epsilon_at="Base")
    similar = content(cosine(1e-2, "Norms"))
    heads = [
        read([similar, gate(), shift(boundary="Zero"), end]),
        write([similar, gate(), shift(2, "LastForward", boundary="Zero"), end]),
        read([shift(boundary="Zero"), end], weighting="OneHot"),
    ]
    return ntm(lstm(5), 7, 3, constant(0.1), heads, step="MemoryThenController")


def memory_first_cell():
    heads = [read(classic()), write(classic(), erase="Coupled"), write(classic(), weighting="Uniform")]
    return ntm(lstm(4, layers=2, skip=True), 6, 3, "Learned", heads, order="WriteThenRead", writes="Sequential",
               step="MemoryThenController", heads_see="Cell", raw_clip=1.0)


def memory_first_listed():
    heads = [write(classic()), read(classic()), write(classic(), erase="Coupled"), read(classic())]
    controller = kind("Mlp", hidden=[5], activation="Tanh", start="Learned")
    return ntm(controller, 6, 3, "Learned", heads, order="Listed", step="MemoryThenController")


def mixed_listed():
    heads = [write(classic(), using="Previous"), read(classic(), read="Learned"), read(classic(), using="Previous"),
             write(classic())]
    return ntm(lstm(5), 6, 3, "Given", heads, order="Listed")


def mixed_listed_after_write():
    heads = [write(classic()), read(classic(), using="Previous"), write(classic(), using="Previous", erase="Coupled"),
             read(classic(), read="Learned")]
    return ntm(lstm(5), 6, 3, "Learned", heads, order="Listed")


def mixed_write_then_read():
    heads = [read(classic(), using="Previous"), write(classic()), read(classic(), read="Learned"),
             write(classic(), using="Previous")]
    return ntm(lstm(4, layers=2), 5, 3, "Learned", heads, order="WriteThenRead", raw_clip=1.0)


def mixed_read_then_write():
    heads = [write(classic(), using="Previous"), read(classic(), using="Previous"), read(classic(), read="Learned"),
             write(classic(), using="Previous"), write(classic())]
    return ntm(lstm(5), 5, 3, "Learned", heads, writes="Sequential", heads_see="Cell")


def gru():
    heads = [read(classic(), read="Learned"), write(classic())]
    return ntm(kind("Gru", hidden=5, start="Learned"), 6, 3, constant(0.1), heads)


def gru_memory_first():
    heads = [read(classic()), write(classic())]
    return ntm(kind("Gru", hidden=5, start="Learned"), 6, 3, "Learned", heads, step="MemoryThenController")


CASES = [
    # name, model, seed, inputs, outputs, lengths, what it covers
    ("collier-beel", collier_beel, 201, 4, 3, [6, 4],
     "raw numbers cut to +-1, two write heads one after the other, learned memory and read through tanh"),
    ("feed-forward-previous-read", feed_forward_previous_read, 202, 3, 3, [6, 6],
     "reads at the start of a step with the weighting of the step before; sigmoid MLP, scalar shift, cosine "
     "without epsilon, output sees the controller only"),
    ("write-first", write_first, 203, 3, 2, [6, 5],
     "writes, then reads, at the start of a step with the step before; learned first output of a two-layer relu "
     "MLP; epsilon inside the root; clipped key and add, hard sigmoid gate"),
    ("coupled-erase", coupled_erase, 204, 4, 3, [6, 6],
     "coupled erase; the cell state drives the heads"),
    ("coupled-erase-skip", coupled_erase_skip, 205, 3, 2, [5, 6],
     "cell states of two layers with skips drive the heads; a coupled and a usual write head together"),
    ("zero-padded", zero_padded, 206, 3, 3, [6, 4],
     "memory first; what is shifted over an end is lost (ranges 1 and 2, both directions, one head without "
     "content); epsilon at the base and at the norms"),
    ("memory-first-cell", memory_first_cell, 207, 3, 2, [5, 5],
     "memory first with two layers with skips whose cell states drive the heads, write then read, sequential "
     "writes, raw numbers cut to +-1"),
    ("memory-first-listed", memory_first_listed, 208, 3, 2, [5, 5],
     "memory first with an MLP that has a learned first output; four heads in list order"),
    ("mixed-listed", mixed_listed, 209, 3, 2, [6, 4],
     "four heads in list order, the first write and the second read with the step before"),
    ("mixed-listed-after-write", mixed_listed_after_write, 210, 3, 2, [5, 5],
     "the same with a write of this step before heads that make their next weighting"),
    ("mixed-write-then-read", mixed_write_then_read, 211, 3, 2, [5, 5],
     "heads of both kinds, writes first; two layers without skips; raw numbers cut to +-1"),
    ("mixed-read-then-write", mixed_read_then_write, 212, 3, 2, [5, 4],
     "heads of both kinds, reads first, sequential writes; the cell state drives the heads"),
    ("gru", gru, 213, 4, 3, [6, 4],
     "a GRU as controller"),
    ("gru-memory-first", gru_memory_first, 214, 3, 2, [5, 5],
     "memory first with a GRU"),
]


def cases():
    for name, model, seed, inputs, outputs, lengths, covers in CASES:
        yield {"name": name, "covers": covers, "seed": seed, "batch": len(lengths), "steps": max(lengths),
               "inputs": inputs, "outputs": outputs, "lengths": lengths, "model": model()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--only", metavar="NAME")
    parser.add_argument("--check", metavar="DIR", type=pathlib.Path)
    args = parser.parse_args()
    if args.write:
        args.write.mkdir(parents=True, exist_ok=True)
        for case in cases():
            if args.only in (None, case["name"]):
                write_case(case, args.write)
    if args.check:
        for path in sorted(args.check.glob("*.json")):
            check_case(path)
