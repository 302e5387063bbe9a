//! Stub components with the settings the real ones have, and promises about reading, writing and overriding.

mod building;
mod overriding;
mod reading;
mod refusing;
mod writing;

use serde::{Deserialize, Serialize};

use super::{Build, BuildError, ConfigError, Kind, Named, Precision, Registry, Source};
use crate::Real;

macro_rules! kinds {
    ($($kind:ident $one:literal $many:literal;)*) => {$(
        #[derive(Debug)]
        pub(super) enum $kind {}
        impl Kind for $kind {
            const NAME: &'static str = $one;
            const PLURAL: &'static str = $many;
            type Of<T: Real> = dyn Built<T>;
            type Site<'a> = Site<'a>;
        }
    )*};
}

kinds! {
    TaskKind "task" "tasks";
    ModelKind "model" "models";
    ControllerKind "controller" "controllers";
    MemoryKind "memory" "memories";
    HeadKind "head" "heads";
    AddressingKind "addressing" "addressings";
    StageKind "stage" "stages";
}

/// What all stubs build: something that knows its scalar and says what it is.
pub(super) trait Built<T: Real> {
    fn describe(&self) -> String;
}

struct Description(String);

impl<T: Real> Built<T> for Description {
    fn describe(&self) -> String {
        format!("{} in {}", self.0, std::any::type_name::<T>())
    }
}

/// Surroundings that borrow, as real ones may.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub slots: &'a usize,
}

macro_rules! settings {
    ($name:ident { $($field:ident: $type:ty = $default:expr),* $(,)? }) => {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name { $(pub $field: $type),* }
        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }
    };
}

macro_rules! builds_itself {
    ($($name:ident: $kind:ident;)*) => {$(
        impl Build<$kind> for $name {
            fn build<T: Precision>(&self, _: &Site<'_>) -> Result<Box<dyn Built<T>>, BuildError> {
                Ok(Box::new(Description(stringify!($name).to_owned())))
            }
        }
    )*};
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Activation {
    Linear,
    Tanh,
    Relu,
    Sigmoid,
    Softplus,
    Exp,
    TenSigmoid,
    Clip { min: f64, max: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Start {
    Constant(f64),
    Learned,
    Zeros,
    OneHot,
    Uniform,
    Given,
    Drawn { std: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Place {
    Denominator,
    Floor,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Similarity {
    Cosine { epsilon: f64, at: Place },
    Dot {},
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Word {
    ReadThenWrite,
    WriteThenRead,
    Listed,
    Together,
    Sequential,
    Hidden,
    HiddenAndReads,
    FirstForward,
    LastForward,
    PositiveUp,
    PositiveDown,
    Softmax,
    SoftmaxOfRelu,
    OnePlusSoftplus,
    OnePlusRelu,
}

settings!(Content {
    key: Activation = Activation::Linear,
    strength: Activation = Activation::Softplus,
    similarity: Similarity = Similarity::Cosine { epsilon: 1e-8, at: Place::Denominator },
});
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Interpolate;
settings!(Shift { range: usize = 1, direction: Word = Word::FirstForward, kernel: Word = Word::Softmax });
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScalarShift {
    pub direction: Word,
}
settings!(Sharpen { power: Word = Word::OnePlusSoftplus, epsilon: f64 = 1e-16 });
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Chain(pub Vec<Named<StageKind>>);
settings!(Lstm { layers: usize = 1, skip: bool = false, start: Start = Start::Learned, hidden: usize = 100 });
settings!(Mlp { activation: Activation = Activation::Tanh, hidden: Vec<usize> = vec![100] });
settings!(Dense { slots: usize = 128, width: usize = 20, start: Start = Start::Constant(1e-6) });

/// Stages inside stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Around {
    pub stage: Option<Named<StageKind>>,
    pub two: (f64, f64),
}

fn chain() -> Named<AddressingKind> {
    Named::new(
        "Chain",
        Chain(vec![
            Named::new("Content", Content::default()),
            Named::new("Interpolate", Interpolate),
            Named::new("Shift", Shift::default()),
            Named::new("Sharpen", Sharpen::default()),
        ]),
    )
}

settings!(Read {
    weighting: Start = Start::OneHot, read: Start = Start::Learned, addressing: Named<AddressingKind> = chain(),
});
settings!(Write {
    weighting: Start = Start::OneHot, erase: Activation = Activation::Sigmoid, add: Activation = Activation::Linear,
    addressing: Named<AddressingKind> = chain(),
});
settings!(Ntm {
    order: Word = Word::ReadThenWrite, writes: Word = Word::Together, output: Word = Word::HiddenAndReads,
    controller: Named<ControllerKind> = Named::new("Lstm", Lstm::default()),
    memory: Named<MemoryKind> = Named::new("Dense", Dense::default()),
    heads: Vec<Named<HeadKind>> = vec![Named::new("Read", Read::default()), Named::new("Write", Write::default())],
});
settings!(Recurrent { controller: Named<ControllerKind> = Named::new("Lstm", Lstm::default()) });
settings!(Copy { width: usize = 8, length: (usize, usize) = (1, 20) });

builds_itself! {
    Content: StageKind; Interpolate: StageKind; ScalarShift: StageKind; Around: StageKind; Sharpen: StageKind;
    Lstm: ControllerKind; Mlp: ControllerKind; Dense: MemoryKind; Copy: TaskKind;
}

impl Build<StageKind> for Shift {
    fn build<T: Precision>(&self, site: &Site<'_>) -> Result<Box<dyn Built<T>>, BuildError> {
        if 2 * self.range + 1 > *site.slots {
            let message = format!(
                "a shift by up to {} needs {} slots, there are {}",
                self.range,
                2 * self.range + 1,
                site.slots
            );
            return Err(BuildError::new("range", message));
        }
        Ok(Box::new(Description("Shift".to_owned())))
    }
}

impl Build<AddressingKind> for Chain {
    fn build<T: Precision>(&self, site: &Site<'_>) -> Result<Box<dyn Built<T>>, BuildError> {
        let mut names = Vec::new();
        for (i, stage) in self.0.iter().enumerate() {
            names.push(stage.build::<T>(site).map_err(|e| e.under(i))?.describe());
        }
        Ok(Box::new(Description(names.join(", "))))
    }
}

macro_rules! builds_addressing {
    ($($name:ident)*) => {$(
        impl Build<HeadKind> for $name {
            fn build<T: Precision>(&self, site: &Site<'_>) -> Result<Box<dyn Built<T>>, BuildError> {
                self.addressing.build::<T>(site).map_err(|e| e.under("addressing"))
            }
        }
    )*};
}
builds_addressing!(Read Write);

impl Build<ModelKind> for Ntm {
    fn build<T: Precision>(&self, site: &Site<'_>) -> Result<Box<dyn Built<T>>, BuildError> {
        for (i, head) in self.heads.iter().enumerate() {
            head.build::<T>(site).map_err(|e| e.under(format_args!("heads.{i}")))?;
        }
        Ok(Box::new(Description("Ntm".to_owned())))
    }
}

impl Build<ModelKind> for Recurrent {
    fn build<T: Precision>(&self, site: &Site<'_>) -> Result<Box<dyn Built<T>>, BuildError> {
        self.controller.build::<T>(site).map_err(|e| e.under("controller"))?;
        Ok(Box::new(Description("Recurrent".to_owned())))
    }
}

/// A closed set with settings, as optimisers are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Optimizer {
    RmsProp(RmsProp),
    Sgd { rate: f64 },
}

settings!(RmsProp { rate: f64 = 1e-4, momentum: f64 = 0.9 });
settings!(Train {
    batch: usize = 1, sequences: u64 = 1000, optimizer: Optimizer = Optimizer::RmsProp(RmsProp::default()), seed: u64 = 0,
    clip: Option<f64> = None, notes: std::collections::BTreeMap<String, String> = Default::default(),
});
settings!(Config {
    task: Named<TaskKind> = Named::new("Copy", Copy::default()),
    model: Named<ModelKind> = Named::new("Ntm", Ntm::default()),
    train: Train = Train::default(),
});

pub(super) fn registry() -> Registry {
    Registry::default()
        .register::<TaskKind, Copy>("Copy")
        .register::<ModelKind, Ntm>("Ntm")
        .register::<ModelKind, Recurrent>("Recurrent")
        .register::<ControllerKind, Lstm>("Lstm")
        .register::<ControllerKind, Mlp>("Mlp")
        .register::<MemoryKind, Dense>("Dense")
        .register::<HeadKind, Read>("Read")
        .register::<HeadKind, Write>("Write")
        .register::<AddressingKind, Chain>("Chain")
        .register::<StageKind, Content>("Content")
        .register::<StageKind, Interpolate>("Interpolate")
        .register::<StageKind, Shift>("Shift")
        .register::<StageKind, ScalarShift>("ScalarShift")
        .register::<StageKind, Sharpen>("Sharpen")
}

pub(super) const COPY: &str = r"// The copy task.
(
    task: Copy(width: 8, length: (1, 20)),   // vectors
    model: Ntm(
        controller: Lstm(hidden: 100),
        memory: Dense(slots: 128, width: 20, start: Constant(1e-6)),
        heads: [
            Read(addressing: Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])),
            Write(addressing: Chain([Content, Interpolate, Shift(range: 1), Sharpen])),
        ],
    ),
    train: (batch: 1, sequences: 200_000, optimizer: RmsProp(rate: 1e-4), seed: 1),
)
";

pub(super) fn copy() -> Source {
    Source::new("copy.ron", COPY)
}

pub(super) fn read(text: &str) -> Result<Config, ConfigError> {
    registry().parse(&Source::new("a.ron", text))
}

pub(super) fn refused(text: &str) -> ConfigError {
    match read(text) {
        Err(e) => e,
        Ok(config) => panic!("should be refused: {text}\nwas read as {config:?}"),
    }
}

pub(super) fn load(overrides: &[&str]) -> Result<super::Loaded<Config>, ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    registry().load(&copy(), &overrides)
}
