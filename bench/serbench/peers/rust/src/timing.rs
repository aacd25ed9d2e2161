//! How long decoding and encoding take: octets to the library's own values, and these to fresh octets.
//!
//! The operations take turns, a sample that is discarded before each that counts.

use crate::trees::{unhex, Result};
use crate::Format;
use serde_json::{json, Value as Tree};
use std::hint::black_box;
use std::time::{Duration, Instant};

const SAMPLE: Duration = Duration::from_micros(100);
const PLENTY: Duration = Duration::from_millis(1); // no luck makes so much of too little
const WARM_UP: Duration = Duration::from_millis(50);
const TRIES: usize = 5;
const SAMPLES: usize = 200;

/// What the hello says of how this is measured.
#[allow(dead_code)] // by the program of a schema, which says no hello
pub fn told(objects: Tree) -> Tree {
    let optimisation = format!("{}, opt-level {}", env!("RUSTC_VERSION"), env!("OPTIMISATION"));
    json!({ "clock": "std::time::Instant", "optimisation": optimisation, "objects": objects })
}

struct Operation<'a> {
    name: &'a str,
    /// Calls the library for all messages so many times.
    run: Box<dyn Fn(u64) + 'a>,
    loops: u64,
    samples: Vec<u64>,
    warm_up: Duration,
}

impl Operation<'_> {
    fn sample(&self, loops: u64) -> Duration {
        let start = Instant::now();
        (self.run)(loops);
        start.elapsed()
    }

    fn warm_up(&mut self, limit: Duration) {
        let start = Instant::now();
        while start.elapsed() < limit {
            self.sample(1);
        }
        self.warm_up = start.elapsed();
    }

    /// Loops are doubled until the fastest of some samples takes long enough, and stay what they are then.
    fn calibrate(&mut self) {
        while self.fastest() < SAMPLE {
            self.loops *= 2;
        }
    }

    fn fastest(&self) -> Duration {
        let mut least = self.sample(self.loops);
        for _ in 1..TRIES {
            if least < SAMPLE || least > PLENTY {
                break;
            }
            least = least.min(self.sample(self.loops));
        }
        least
    }

    fn keep(&mut self) {
        let took = self.sample(self.loops);
        self.samples.push(took.as_nanos() as u64);
    }

    fn row(&self) -> Tree {
        json!({ "row": {
            "operation": self.name,
            "loops": self.loops,
            "samples_ns": self.samples,
            "warm_up_ns": self.warm_up.as_nanos() as u64,
            "steady": true,
        } })
    }
}

/// The rows of the operations that are asked for, and how long their samples took together, in nanoseconds.
pub fn time<F: Format>(format: &F, request: &Tree) -> Result<(Vec<Tree>, u64)> {
    let mut data = Vec::new();
    for digits in request["data"].as_array().into_iter().flatten() {
        data.push(unhex(digits.as_str().ok_or("no octets")?)?);
    }
    let values = data.iter().map(|octets| format.decode(octets)).collect::<Result<Vec<_>>>()?;
    for value in &values {
        format.decode(&format.encode(value)?)?;
    }
    let (data, values) = (&data, &values);
    let mut operations = Vec::new();
    for name in request["operations"].as_array().into_iter().flatten() {
        let name = name.as_str().ok_or("no operation")?;
        let run: Box<dyn Fn(u64) + '_> = match name {
            "decode" => Box::new(|loops| {
                for octets in (0..loops).flat_map(|_| data) {
                    let _ = black_box(format.decode(black_box(octets)));
                }
            }),
            _ => Box::new(|loops| {
                for value in (0..loops).flat_map(|_| values) {
                    let _ = black_box(format.encode(black_box(value)));
                }
            }),
        };
        operations.push(Operation { name, run, loops: 1, samples: Vec::new(), warm_up: Duration::ZERO });
    }
    measure(&mut operations, Duration::from_nanos(request["budget_ns"].as_u64().ok_or("no budget")?));
    let measured = operations.iter().flat_map(|operation| &operation.samples).sum();
    Ok((operations.iter().map(Operation::row).collect(), measured))
}

fn measure(operations: &mut [Operation], budget: Duration) {
    let start = Instant::now();
    let share = budget / operations.len().max(1) as u32;
    let mut turns = Vec::new();
    for operation in operations {
        let once = operation.sample(1);
        if once > share {
            operation.samples.push(once.as_nanos() as u64);
        } else {
            operation.warm_up(WARM_UP.min(share / 5));
            operation.calibrate();
            turns.push(operation);
        }
    }
    for _ in 0..if turns.is_empty() { 0 } else { SAMPLES } {
        for operation in &mut turns {
            operation.sample(operation.loops);
            operation.keep();
        }
        if start.elapsed() >= budget {
            return;
        }
    }
}
