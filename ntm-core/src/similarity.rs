//! How a key is compared with a slot.

/// K\[u, v\] of equation 5. The memory computes it for all keys of a step in one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields))]
pub enum Similarity {
    /// u . v / (|u| |v|), equation 6, with an epsilon that keeps it finite for zero vectors
    Cosine {
        /// how much is added
        #[cfg_attr(feature = "config", serde(default = "epsilon"))]
        epsilon: f64,
        /// where it is added
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
