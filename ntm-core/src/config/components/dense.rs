//! `Dense(slots: 128, width: 20, start: Constant(1e-6))`
use crate::Shape;
use crate::config::{Build, BuildError, HeadSite, MemoryKind, MemorySite, Precision};
use crate::kernels::read_write::MOST_WRITERS;
use crate::memory::Dense;
use crate::start::MemoryStart;
use crate::traits::{Action, Memory};
use serde::{Deserialize, Serialize};

/// Most numbers in the memory of one item.
const MOST: usize = 1 << 36;
/// Most heads.
const MOST_HEADS: usize = 256;

/// Settings of a [`Dense`] memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenseSettings {
    /// Number of memory locations, N.
    pub slots: usize,
    /// Length of the vector at each, M.
    pub width: usize,
    /// The memory before the first step.
    #[serde(default = "start")]
    pub start: MemoryStart,
}

fn start() -> MemoryStart {
    MemoryStart::Constant(1e-6)
}

impl Build<MemoryKind> for DenseSettings {
    fn build<T: Precision>(&self, site: &MemorySite<'_>) -> Result<Box<dyn Memory<T>>, BuildError> {
        let (slots, width) = (self.slots, self.width);
        for (name, n) in [("slots", slots), ("width", width)] {
            if n == 0 {
                return Err(BuildError::new(name, format!("0; must be at least 1, such as {name}: 20")));
            }
        }
        let numbers = slots as u128 * width as u128;
        if numbers > MOST as u128 {
            let bytes = numbers.saturating_mul(size_of::<f32>() as u128);
            let why = format!(
                "{slots} slots of width {width} need {bytes} bytes for the memory of one item at one step; at most {} \
                 bytes ({MOST} numbers) are possible",
                MOST * size_of::<f32>()
            );
            return Err(BuildError::new("slots", why));
        }
        self.start.check().map_err(|why| BuildError::new("start", why))?;
        if site.heads.len() > MOST_HEADS {
            let why = format!("{} heads; at most {MOST_HEADS}", site.heads.len());
            return Err(BuildError::new("heads", why).outside());
        }
        let shape = Shape { slots, width };
        let mut heads = vec![];
        for (head, settings) in site.heads.iter().enumerate() {
            let at = HeadSite { shape, head, heads: site.heads.len() };
            let under = |e: BuildError| e.under(format_args!("heads.{head}")).outside();
            heads.push(settings.build::<T>(&at).map_err(under)?);
        }
        if heads.iter().filter(|h| h.action() == Action::Write).count() > MOST_WRITERS {
            return Err(
                BuildError::new("heads", format!("at most {MOST_WRITERS} of them may write")).outside()
            );
        }
        Ok(Box::new(Dense::new(shape, heads, site.arrangement, self.start.clone())))
    }
}
