"""An NTM in JAX for W1 to W4, and W5: a native batch, lax.scan, one jitted training step (loss, gradient, clip, RMSProp)."""
import jax, jax.numpy as jnp, numpy as np
from jax import lax
from worker import serve

I, O, C, M = 9, 8, 100, 20


def head(q, K, w_prev):
    # q: raw [B,6] = strength, gate, shift, sharpening;  K: [B,N], similarities
    beta = jax.nn.softplus(q[:, 0:1])
    g = jax.nn.sigmoid(q[:, 1:2])
    s = jax.nn.softmax(q[:, 2:5], axis=1)
    gamma = 1.0 + jax.nn.softplus(q[:, 5:6])
    wc = jax.nn.softmax(beta * K, axis=1)
    wg = g * wc + (1 - g) * w_prev
    wt = s[:, 0:1] * jnp.roll(wg, 1, 1) + s[:, 1:2] * wg + s[:, 2:3] * jnp.roll(wg, -1, 1)
    wp = jnp.exp(gamma * jnp.log(wt + 1e-16))
    return wp / (wp.sum(1, keepdims=True) + 1e-16)


def init(key, ctrl, N):
    k = jax.random.split(key, 8)
    G = 4 * C if ctrl == "lstm" else C
    nin = M + C if ctrl == "lstm" else M
    u = lambda k, sh, fan: jax.random.uniform(k, sh, jnp.float32, -1, 1) / np.sqrt(fan)
    p = dict(Wx=u(k[0], (I, G), 129), Wh=u(k[1], (nin, G), 129), b=jnp.zeros(G),
             Hw=u(k[2], (C, 92), 100), Hb=jnp.zeros(92), Ow=u(k[3], (C + M, O), 120), Ob=jnp.zeros(O))
    if ctrl == "lstm":
        p["h0"] = jax.random.normal(k[4], (C,)) * 0.05
        p["c0"] = jax.random.normal(k[5], (C,)) * 0.05
    const = dict(mem=u(k[6], (M, N), 148), r0=jax.random.normal(k[7], (M,)) * 0.01)
    return p, const


def forward(p, const, X, ctrl, N):
    T, B, _ = X.shape
    zx = X @ p["Wx"] + p["b"]          # [T,B,G]: the input part of the gates for all steps at once
    bc = lambda v: jnp.broadcast_to(v, (B,) + v.shape)

    def cell(carry, z_t):
        if ctrl == "lstm":
            h, c, r, wr, ww, mem = carry
            z = z_t + jnp.concatenate([r, h], 1) @ p["Wh"]
            i, f, g, o = jnp.split(z, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
        else:
            r, wr, ww, mem = carry
            h = jnp.tanh(z_t + r @ p["Wh"])
        q = h @ p["Hw"] + p["Hb"]
        k = jnp.stack([q[:, 0:M], q[:, 26:26 + M]], 1)              # [B,2,M]
        dots = jnp.einsum("bmn,bhm->bhn", mem, k)
        nm = jnp.sqrt((mem * mem).sum(1) + 1e-12)
        nk = jnp.sqrt((k * k).sum(2) + 1e-12)
        K = dots / (nm[:, None, :] * nk[:, :, None] + 1e-8)
        wr = head(q[:, 20:26], K[:, 0], wr)
        ww = head(q[:, 46:52], K[:, 1], ww)
        r = jnp.einsum("bn,bmn->bm", wr, mem)
        e = jax.nn.sigmoid(q[:, 52:72]); a = q[:, 72:92]
        mem = mem * (1 - e[:, :, None] * ww[:, None, :]) + a[:, :, None] * ww[:, None, :]
        carry = (h, c, r, wr, ww, mem) if ctrl == "lstm" else (r, wr, ww, mem)
        return carry, jnp.concatenate([h, r], 1)

    z = jnp.zeros((B, N))
    mem0 = jnp.broadcast_to(const["mem"], (B,) + const["mem"].shape)
    carry = (bc(const["r0"]), z, z, mem0)
    if ctrl == "lstm":
        carry = (bc(p["h0"]), bc(p["c0"])) + carry
    _, hr = lax.scan(cell, carry, zx)
    return hr[T // 2 + 1:] @ p["Ow"] + p["Ob"]


def lstm_init(key):
    k = jax.random.split(key, 4)
    p, nin = [], I
    for l in range(3):
        p.append(dict(W=jax.random.uniform(k[l], (nin, 1024), jnp.float32, -1, 1) / 16,
                      U=jax.random.uniform(k[l], (256, 1024), jnp.float32, -1, 1) / 16, b=jnp.zeros(1024)))
        nin = 256
    return dict(layers=p, Ow=jax.random.normal(k[3], (256, O)) / 16, Ob=jnp.zeros(O))


def lstm_forward(p, X):
    T, B, _ = X.shape
    y = X
    for l in p["layers"]:
        zx = y @ l["W"] + l["b"]

        def cell(hc, z):
            h, c = hc
            i, f, g, o = jnp.split(z + h @ l["U"], 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h
        z0 = jnp.zeros((B, 256))
        _, y = lax.scan(cell, (z0, z0), zx)
    return y[T // 2 + 1:] @ p["Ow"] + p["Ob"]


def data(L, B):
    rng = np.random.default_rng(0)
    s = (rng.random((L, B, 8)) < 0.5).astype(np.float32)
    X = np.zeros((2 * L + 1, B, 9), np.float32)
    X[:L, :, :8] = s; X[L, :, 8] = 1
    return jnp.array(X), jnp.array(s)


def bce(z, y):
    return jnp.mean(jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))))


def make(cfg):
    L, B, N = cfg["L"], cfg["B"], cfg["N"]
    X, Y = data(L, B)
    key = jax.random.key(0)
    kind, ctrl = cfg["w"].split("_")
    if cfg["w"] == "train_base" or cfg["w"] == "infer_base":
        p = lstm_init(key); fwd = lambda p, X: lstm_forward(p, X)
    else:
        p, const = init(key, ctrl, N)
        fwd = lambda p, X: forward(p, const, X, ctrl, N)
    if kind == "infer":
        g = jax.jit(lambda p, X: jax.nn.sigmoid(fwd(p, X)))
        return lambda: g(p, X).block_until_ready()[0, 0, 0]
    zeros = jax.tree.map(jnp.zeros_like, p)

    def step(p, v, m, X, Y):
        loss, g = jax.value_and_grad(lambda p: bce(fwd(p, X), Y))(p)
        g = jax.tree.map(lambda g: jnp.clip(g, -10, 10), g)
        v = jax.tree.map(lambda v, g: 0.95 * v + 0.05 * g * g, v, g)
        m = jax.tree.map(lambda m, g, v: 0.9 * m + g / (jnp.sqrt(v) + 1e-8), m, g, v)
        p = jax.tree.map(lambda p, m: p - 1e-4 * m, p, m)
        return p, v, m, loss
    jstep = jax.jit(step, donate_argnums=(0, 1, 2))
    st = [p, zeros, jax.tree.map(jnp.zeros_like, p)]

    def run():
        *st[:], loss = jstep(*st, X, Y)
        return float(loss)
    return run


serve(make)
