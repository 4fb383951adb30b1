//! What several rounds say together.

/// The middle of some values, and where the middle half of them lies: noise that
/// meets a few rounds moves neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Statistic {
    pub(super) median: f64,
    /// At most a quarter of the values is less than this.
    pub(super) lower: f64,
    /// At most a quarter of the values is greater than this.
    pub(super) upper: f64,
}

impl Statistic {
    /// Of at least one value. Quartiles are values themselves, and rather the outer
    /// ones: of three values, the first and the last.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        Some(Self {
            median: f64::midpoint(values[last / 2], values[values.len() / 2]),
            lower: values[last / 4],
            upper: values[last - last / 4],
        })
    }

    /// How far the middle half reaches, in per cent of the median. One value does
    /// not.
    pub(super) fn spread(self) -> Option<f64> {
        let spread = (self.upper - self.lower) / self.median * 100.0;
        (self.lower < self.upper).then_some(spread)
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
    fn at_most_a_quarter_of_the_values_lies_outside_at_either_end() {
        let quartiles = |count: u32| {
            let statistic = Statistic::of((1..=count).map(f64::from)).unwrap();
            (statistic.lower, statistic.upper)
        };
        assert_eq!(quartiles(1), (1.0, 1.0));
        assert_eq!(quartiles(3), (1.0, 3.0));
        assert_eq!(quartiles(5), (2.0, 4.0));
        assert_eq!(quartiles(15), (4.0, 12.0));
    }

    #[test]
    fn the_spread_is_relative_to_the_median() {
        let statistic = Statistic::of([110.0, 100.0, 95.0]).unwrap();
        assert!((statistic.spread().unwrap() - 15.0).abs() < 1e-9);
        assert_eq!(Statistic::of([7.0]).unwrap().spread(), None);
    }
}
