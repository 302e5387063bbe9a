//! How a key is compared with a slot.

/// K\[u, v\] of equation 5. The memory computes it for all keys of a step in one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields))]
pub enum Similarity {
    /// u . v / (|u| |v|), equation 6, with an epsilon that keeps it finite for zero vectors
    Cosine {
        /// How much is added, at least 0. Without it (0, or less than 1e-18; inside the root 1e-36) the cosine is
        /// that of equation 6, and 0 with gradient 0 where a vector is zero (shorter than 1e-18).
        #[cfg_attr(feature = "config", serde(default = "epsilon"))]
        epsilon: f64,
        /// Where it is added.
        #[cfg_attr(feature = "config", serde(default))]
        at: EpsilonAt,
    },
    /// u . v
    Dot {},
}

/// Where the epsilon of a cosine goes. The derivative of a norm at the zero vector is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
pub enum EpsilonAt {
    /// u . v / (|u| |v| + epsilon)
    #[default]
    Denominator,
    /// u . v / max(|u| |v|, epsilon)
    Floor,
    /// u . v / ((|u| + epsilon) (|v| + epsilon)): each vector is divided by its own norm
    Norms,
    /// u . v / sqrt(|u|^2 |v|^2 + epsilon): smooth at zero vectors; to matter as much as elsewhere, epsilon is squared
    InsideRoot,
}

#[cfg(feature = "config")]
fn epsilon() -> f64 {
    1e-8
}

impl Default for Similarity {
    /// Cosine with 1e-8 added to the denominator.
    fn default() -> Self {
        Similarity::Cosine { epsilon: 1e-8, at: EpsilonAt::Denominator }
    }
}
