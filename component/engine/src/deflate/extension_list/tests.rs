use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

type Parsed = Vec<(String, Vec<(String, Option<String>)>)>;

fn parse(values: &[&str]) -> Result<Parsed, Malformed> {
    let mut list = ExtensionList::new(values);
    let mut parsed = Parsed::new();
    while let Some(name) = list.extension()? {
        let mut parameters = vec![];
        while let Some(Parameter { name, value }) = list.parameter()? {
            let value = value.map(|value| value.bytes().map(char::from).collect());
            parameters.push((name.into(), value));
        }
        parsed.push((name.into(), parameters));
    }
    Ok(parsed)
}

fn written(parsed: &Parsed, separators: &str) -> String {
    let mut text = String::new();
    for (name, parameters) in parsed {
        text += separators;
        text += name;
        for (name, value) in parameters {
            text += " ; ";
            text += name;
            match value {
                Some(value) if value.len() % 2 == 0 => text.extend(["= \"\\", value, "\""]),
                Some(value) => text.extend(["\t=", value]),
                None => {}
            }
        }
        text += ",";
    }
    text
}

proptest! {
    #[test]
    fn what_is_written_by_the_grammar_is_read_back(
        parsed in prop::collection::vec(
            ("[!#-'*+.^_`|~a-zA-Z0-9-]{1,8}", prop::collection::vec(
                ("[a-z_]{1,5}", prop::option::of("[!-~&&[^()<>@,;:\\\\\"/\\[\\]?={}]]{1,4}")), 0..4,
            )), 0..5,
        ),
        separators in "[ \t,]{0,3}",
    ) {
        let text = written(&parsed, &separators);
        prop_assert_eq!(parse(&[&text]), Ok(parsed.clone()), "{}", text);
        prop_assert_eq!(parse(&["", &text, ", ,"]), Ok(parsed));
    }

    #[test]
    fn no_text_makes_the_parser_panic(values in prop::collection::vec("[a,;=\"\\\\ é\t0/]{0,12}", 0..4)) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let _ = parse(&values);
    }
}

#[test]
fn malformed_lists_are_refused() {
    #[rustfmt::skip]
    let lists = [
        ";", "=", "a;", "a; ;b", "a;,b", "a;=1", "a;b=", "a;b=,c", "a b", "a;b c", "a;b=1 2",
        "a/b", "a;b=1=2", "é", "a;b=\"\"", "a;b=\"1", "a;b=\"1\"2", "a;b=\"1\\\"", "a;b=\"\\\\\"",
        "a;b=\"1 2\"", "a;b=\"1\\\"2\"", "a;b='1';\"", "a\0", "a\r\n", "permessage-deflate; ",
    ];
    for text in lists {
        assert_eq!(parse(&[text]), Err(Malformed), "{text:?}");
        assert_eq!(parse(&["ok", text]), Err(Malformed), "{text:?} behind another");
    }
}

#[test]
fn an_extension_does_not_continue_in_the_next_value() {
    assert_eq!(parse(&["a", ";b"]), Err(Malformed));
    assert_eq!(parse(&["a;b=\"1", "2\""]), Err(Malformed));
}

#[test]
fn parameters_that_are_not_asked_for_are_checked_as_well() {
    let mut list = ExtensionList::new(&["a; b; c=\"", "d"]);
    assert_eq!(list.extension(), Ok(Some("a")));
    assert_eq!(list.extension(), Err(Malformed));
}

#[test]
fn a_decimal_has_no_leading_zero_and_fits() {
    let decimal = |written| Value { written }.decimal();
    assert_eq!(decimal("8"), Some(8));
    assert_eq!(decimal("1\\5"), Some(15));
    assert_eq!(decimal("255"), Some(255));
    for written in ["0", "08", "256", "1e1", "+8", "-8", "8.0", "99999999999999999999"] {
        assert_eq!(decimal(written), None, "{written:?}");
    }
}
