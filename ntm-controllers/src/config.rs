//! Names in RON: `Lstm(hidden: 100)`, `Gru(hidden: 100)`, `Mlp(hidden: [100])`.
use crate::{Gru, GruInitial, Lstm, LstmInitial, Mlp};
use ntm_core::config::{
    Build, BuildError, ControllerKind, ControllerSite, LayerInitial, Precision, Registry,
};
use ntm_core::start::ControllerStart;
use ntm_core::traits::Initial;
use ntm_core::{Activation, Cell};
use serde::{Deserialize, Serialize};

/// Adds `Lstm`, `Gru` and `Mlp`.
pub fn register(registry: Registry) -> Registry {
    registry
        .register::<ControllerKind, LstmSettings>("Lstm")
        .register::<ControllerKind, GruSettings>("Gru")
        .register::<ControllerKind, MlpSettings>("Mlp")
}

/// Most units of a layer.
const MOST: usize = 1 << 20;
/// Most layers.
const MOST_LAYERS: usize = 256;

fn check_units(field: &str, units: usize) -> Result<(), BuildError> {
    if units == 0 {
        return Err(BuildError::new(field, "0 units; must be at least 1, such as 100"));
    }
    if units > MOST {
        let bytes = (units as u128).saturating_mul(units as u128).saturating_mul(4);
        let why =
            format!("{units} units; at most {MOST} (weights among so many would need {bytes} bytes or more)");
        return Err(BuildError::new(field, why));
    }
    Ok(())
}

fn check_layers(layers: usize) -> Result<(), BuildError> {
    if layers == 0 || layers > MOST_LAYERS {
        let why = format!("{layers} layers; must be 1 to {MOST_LAYERS}");
        return Err(BuildError::new("layers", why));
    }
    Ok(())
}

fn check_initial(under: &str, initials: &[(&str, Initial)]) -> Result<(), BuildError> {
    for (field, initial) in initials {
        initial.check().map_err(|why| BuildError::new(*field, why).under(under))?;
    }
    Ok(())
}

/// Settings of an [`Lstm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LstmSettings {
    /// Cells of a layer, at least 1: the length of its h and of its c.
    pub hidden: usize,
    /// Number of layers, at least 1, one above the other.
    #[serde(default = "one")]
    pub layers: usize,
    /// Whether layers above the first see the external input, and the output is all layers.
    #[serde(default)]
    pub skip: bool,
    /// h and c before the first step.
    #[serde(default)]
    pub start: ControllerStart,
    /// How parameters are drawn.
    #[serde(default)]
    pub initial: LstmInitial,
}

fn one() -> usize {
    1
}

impl Build<ControllerKind> for LstmSettings {
    fn build<T: Precision>(&self, site: &ControllerSite) -> Result<Box<dyn Cell<T>>, BuildError> {
        check_units("hidden", self.hidden)?;
        check_layers(self.layers)?;
        let initial = self.initial;
        let all = [
            ("weight", initial.weight),
            ("bias", initial.bias),
            ("forget_bias", initial.forget_bias),
            ("start", initial.start),
        ];
        check_initial("initial", &all)?;
        let lstm = Lstm::new(site.inputs, self.hidden, self.layers, self.skip, self.start);
        Ok(Box::new(lstm.with_initial(initial).with_cell(site.cell)))
    }
}

/// Settings of a [`Gru`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GruSettings {
    /// Units of a layer, at least 1: the length of its h.
    pub hidden: usize,
    /// Number of layers, at least 1, one above the other.
    #[serde(default = "one")]
    pub layers: usize,
    /// h before the first step.
    #[serde(default)]
    pub start: ControllerStart,
    /// How parameters are drawn.
    #[serde(default)]
    pub initial: GruInitial,
}

impl Build<ControllerKind> for GruSettings {
    fn build<T: Precision>(&self, site: &ControllerSite) -> Result<Box<dyn Cell<T>>, BuildError> {
        check_units("hidden", self.hidden)?;
        check_layers(self.layers)?;
        let GruInitial { weight, bias, start } = self.initial;
        check_initial("initial", &[("weight", weight), ("bias", bias), ("start", start)])?;
        let gru = Gru::new(site.inputs, self.hidden, self.layers, self.start);
        Ok(Box::new(gru.with_initial(self.initial)))
    }
}

/// Settings of an [`Mlp`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlpSettings {
    /// Units of each layer, the one nearest to the input first.
    pub hidden: Vec<usize>,
    /// Applied after each layer.
    #[serde(default = "tanh")]
    pub activation: Activation,
    /// What counts as its output before the first step: [`Mlp::with_start`].
    #[serde(default = "zeros")]
    pub start: ControllerStart,
    /// How parameters are drawn.
    #[serde(default = "initial")]
    pub initial: LayerInitial,
}

fn zeros() -> ControllerStart {
    ControllerStart::Zeros
}
fn tanh() -> Activation {
    Activation::Tanh
}
fn initial() -> LayerInitial {
    LayerInitial { weight: Initial::Xavier(1.0), bias: Initial::Constant(0.0) }
}

impl Build<ControllerKind> for MlpSettings {
    fn build<T: Precision>(&self, site: &ControllerSite) -> Result<Box<dyn Cell<T>>, BuildError> {
        if self.hidden.is_empty() || self.hidden.len() > MOST_LAYERS {
            let why = format!("{} layers; must be 1 to {MOST_LAYERS}, such as [100]", self.hidden.len());
            return Err(BuildError::new("hidden", why));
        }
        for (i, &units) in self.hidden.iter().enumerate() {
            check_units(&format!("hidden.{i}"), units)?;
        }
        self.activation.check().map_err(|why| BuildError::new("activation", why))?;
        let LayerInitial { weight, bias } = self.initial;
        check_initial("initial", &[("weight", weight), ("bias", bias)])?;
        let mlp = Mlp::new(site.inputs, &self.hidden, self.activation.clone());
        Ok(Box::new(mlp.with_initial(weight, bias).with_start(self.start)))
    }
}
