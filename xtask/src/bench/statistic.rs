//! What several rounds say together.

/// The middle of some values, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Statistic {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) greatest: f64,
}

impl Statistic {
    /// Of at least one value.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            least: *values.first()?,
            greatest: *values.last()?,
        })
    }

    /// From the least to the greatest, in per cent of the median. One value has
    /// none.
    pub(super) fn spread(self) -> Option<f64> {
        let spread = (self.greatest - self.least) / self.median * 100.0;
        (self.least < self.greatest).then_some(spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_or_lies_between_the_middle_two() {
        let median = |values: &[f64]| Statistic::of(values.iter().copied()).map(|s| s.median);
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    #[test]
    fn the_spread_is_relative_to_the_median() {
        let statistic = Statistic::of([110.0, 100.0, 95.0]).unwrap();
        assert!((statistic.spread().unwrap() - 15.0).abs() < 1e-9);
        assert_eq!(Statistic::of([7.0]).unwrap().spread(), None);
    }
}
