//! StackStorm's filters on semantic versions.

use std::cmp::Ordering;

use minijinja::{Environment, Error};
use semver::{BuildMetadata, Prerelease, Version};

use super::metered;
use crate::template::limits::failed;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "version_compare", |a: String, b: String| Ok::<_, Error>(order(&a, &b)? as i64));
    metered(env, "version_more_than", |a: String, b: String| Ok::<_, Error>(order(&a, &b)?.is_gt()));
    metered(env, "version_less_than", |a: String, b: String| Ok::<_, Error>(order(&a, &b)?.is_lt()));
    metered(env, "version_equal", |a: String, b: String| Ok::<_, Error>(order(&a, &b)?.is_eq()));
    metered(env, "version_match", |version: String, wanted: String| matches(&version, &wanted));
    metered(env, "version_bump_major", |text: String| bump(&text, |v| Version::new(v.major + 1, 0, 0)));
    metered(env, "version_bump_minor", |text: String| bump(&text, |v| Version::new(v.major, v.minor + 1, 0)));
    metered(env, "version_bump_patch", |text: String| {
        bump(&text, |v| Version::new(v.major, v.minor, v.patch + 1))
    });
    metered(env, "version_strip_patch", |text: String| {
        read(&text).map(|version| format!("{}.{}", version.major, version.minor))
    });
}

fn read(text: &str) -> Result<Version, Error> {
    let version: Version =
        text.trim().parse().map_err(|_| failed(format!("`{text}` is not a version such as 1.2.3")))?;
    // Beyond this a bump would overflow, and nobody means it.
    if [version.major, version.minor, version.patch].iter().any(|part| *part > u64::MAX / 2) {
        return Err(failed(format!("`{text}` is not a version such as 1.2.3")));
    }
    Ok(version)
}

fn order(a: &str, b: &str) -> Result<Ordering, Error> {
    Ok(read(a)?.cmp_precedence(&read(b)?))
}

/// `>=1.2.0` and the like; no sign means equal.
fn matches(version: &str, wanted: &str) -> Result<bool, Error> {
    let digits = wanted.trim_start_matches(['<', '>', '=', '!']);
    let found = order(version, digits)?;
    match &wanted[..wanted.len() - digits.len()] {
        ">=" => Ok(found.is_ge()),
        "<=" => Ok(found.is_le()),
        ">" => Ok(found.is_gt()),
        "<" => Ok(found.is_lt()),
        "==" | "" => Ok(found.is_eq()),
        "!=" => Ok(found.is_ne()),
        sign => Err(failed(format!("`{sign}` is not one of <, <=, ==, !=, >=, >"))),
    }
}

fn bump(text: &str, next: impl Fn(&Version) -> Version) -> Result<String, Error> {
    let mut version = next(&read(text)?);
    version.pre = Prerelease::EMPTY;
    version.build = BuildMetadata::EMPTY;
    Ok(version.to_string())
}
