//! What is applied to a raw number: a setting of the stage, head or layer that declares the number.

/// A function of one raw number. A closed set: nobody extends it, everybody chooses from it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields))]
pub enum Activation {
    /// x
    Linear,
    /// tanh x
    Tanh,
    /// max(x, 0); derivative 0 at 0
    Relu,
    /// 1 / (1 + e^-x)
    Sigmoid,
    /// 0.2 x + 0.5, cut to 0 ..= 1
    HardSigmoid,
    /// e^x
    Exp,
    /// ln(1 + e^x)
    Softplus,
    /// 1 + ln(1 + e^x): the usual sharpening, DNC's oneplus
    OnePlusSoftplus,
    /// 1 + max(x, 0)
    OnePlusRelu,
    /// 10 / (1 + e^-x)
    TenSigmoid,
    /// x cut to min ..= max; derivative 0 outside
    Clip {
        /// smallest value
        min: f64,
        /// largest value
        max: f64,
    },
    /// scale * of(x) + offset
    Affine {
        /// factor; not 0
        scale: f64,
        /// what is added
        offset: f64,
        /// the function that is scaled
        of: Box<Activation>,
    },
}

impl Activation {
    /// What is wrong with its numbers, if anything.
    ///
    /// # Errors
    /// Says which number is not allowed, and what would be.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Activation::Clip { min, max } if !(min < max && min.is_finite() && max.is_finite()) => {
                Err(format!("Clip(min: {min}, max: {max}) needs finite numbers with min < max"))
            }
            Activation::Affine { scale, offset, of } => {
                if !scale.is_finite() || *scale == 0.0 || !offset.is_finite() {
                    return Err(format!(
                        "Affine(scale: {scale}, offset: {offset}) needs finite numbers and a scale that is not 0"
                    ));
                }
                of.check()
            }
            _ => Ok(()),
        }
    }

    /// Smallest and largest value that it can take.
    pub fn range(&self) -> (f64, f64) {
        let all = f64::INFINITY;
        match self {
            Activation::Linear => (-all, all),
            Activation::Tanh => (-1.0, 1.0),
            Activation::Relu | Activation::Exp | Activation::Softplus => (0.0, all),
            Activation::Sigmoid | Activation::HardSigmoid => (0.0, 1.0),
            Activation::OnePlusSoftplus | Activation::OnePlusRelu => (1.0, all),
            Activation::TenSigmoid => (0.0, 10.0),
            Activation::Clip { min, max } => (*min, *max),
            Activation::Affine { scale, offset, of } => {
                let (low, high) = of.range();
                let (a, b) = (scale * low + offset, scale * high + offset);
                (a.min(b), a.max(b))
            }
        }
    }
}
