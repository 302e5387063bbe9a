//! `Ntm(controller: …, memory: …, heads: […])`
use crate::config::{
    Build, BuildError, ControllerKind, ControllerSite, HeadKind, MemoryKind, MemorySite, ModelKind,
    ModelSite, Named, Precision,
};
use crate::memory::{Arrangement, Order, Step, Writes};
use crate::traits::{Cell, Initial};
use crate::{HeadsSee, Ntm, OutputSees};
use serde::{Deserialize, Serialize};

/// Settings of an [`Ntm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NtmSettings {
    /// What drives the heads.
    pub controller: Named<ControllerKind>,
    /// What they read and write.
    pub memory: Named<MemoryKind>,
    /// The heads, in list order; a memory that is driven by numbers of its own may want none.
    pub heads: Vec<Named<HeadKind>>,
    /// Order of the heads within a step.
    #[serde(default)]
    pub order: Order,
    /// How several write heads meet.
    #[serde(default)]
    pub writes: Writes,
    /// Whether the memory or the controller comes first in a step.
    #[serde(default)]
    pub step: Step,
    /// What drives the heads.
    #[serde(default)]
    pub heads_see: HeadsSee,
    /// Raw numbers of the heads are cut to -x ..= x; nothing is cut where it is left out.
    #[serde(default)]
    pub raw_clip: Option<f64>,
    /// What the output layer sees.
    #[serde(default)]
    pub output: OutputSees,
    /// How the layers from the controller to the heads are drawn.
    #[serde(default)]
    pub heads_initial: LayerInitial,
}

/// How a layer is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LayerInitial {
    /// its weight
    pub weight: Initial,
    /// its bias
    pub bias: Initial,
}

impl Default for LayerInitial {
    /// Xavier with gain 1.4, and normal biases of 0.01.
    fn default() -> Self {
        LayerInitial { weight: Initial::Xavier(1.4), bias: Initial::Normal(0.01) }
    }
}

impl Build<ModelKind> for NtmSettings {
    fn build<T: Precision>(&self, site: &ModelSite) -> Result<Box<dyn Cell<T>>, BuildError> {
        let arrangement = Arrangement { order: self.order, writes: self.writes, step: self.step };
        let memory = MemorySite { heads: &self.heads, arrangement };
        let memory = self.memory.build::<T>(&memory).map_err(|e| e.under("memory"))?;
        if memory.interface().is_empty() {
            let why = "there are none; a Neural Turing Machine needs at least one, such as Read(addressing: …) \
                       (for a controller alone use Recurrent)";
            return Err(BuildError::new("heads", why));
        }
        let inputs = site.inputs + memory.outputs();
        let cell = self.heads_see == HeadsSee::Cell;
        let controller = ControllerSite { inputs, cell };
        let controller = self.controller.build::<T>(&controller).map_err(|e| e.under("controller"))?;
        if cell && controller.cell_outputs() == 0 {
            let why = "Cell, but the controller shows no cell state; Lstm does, or use heads_see: Hidden";
            return Err(BuildError::new("heads_see", why));
        }
        if let Some(x) = self.raw_clip.filter(|x| !(x.is_finite() && *x > 0.0)) {
            let why = format!("{x} must be a finite number above 0, such as 20; leave it out for no limit");
            return Err(BuildError::new("raw_clip", why));
        }
        let initial = self.heads_initial;
        for (name, initial) in [("weight", initial.weight), ("bias", initial.bias)] {
            let under = |why| BuildError::new(name, why).under("heads_initial");
            initial.check().map_err(under)?;
        }
        let ntm = Ntm::new(site.inputs, controller, memory, self.heads_see, self.output)
            .map_err(|why| BuildError::new("controller", why))?;
        Ok(Box::new(ntm.with_initial(initial.weight, initial.bias).with_raw_clip(self.raw_clip)))
    }
}
