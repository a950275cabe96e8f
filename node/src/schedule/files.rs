//! Which files are read: those that are named, and of a folder those of the company.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use passcom_actors::domain::ids::CompanyId;

use super::error::Error;
use super::{Findings, csv, ssim};

/// Largest file: some five million records.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Longest line that is kept.
const LINE_BYTES_MAX: u64 = 4096;
/// Most entries of a folder that are looked at.
const FOLDER_ENTRIES_MAX: usize = 10_000;
/// What Windows puts before text of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// Lines of an SSIM file among which its carrier is looked for.
const CARRIER_LINES_MAX: usize = 50;

const NO_SCHEDULE: &str = "neither SSIM (a header record 1AIRLINE STANDARD SCHEDULE DATA SET) nor CSV (a header with the column flight)";

enum Format {
    Ssim,
    Csv,
}

/// The files to read, folders replaced by the company's files in them.
pub fn choose(paths: &[PathBuf], company: CompanyId) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(of_company(path, company)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Reads one file, whichever format it is in.
pub fn read(path: &Path, findings: &mut Findings) -> Result<(), Error> {
    let (format, reader) = open(path)?;
    let Some(format) = format else {
        return Err(Error::file(path, NO_SCHEDULE));
    };
    let name: Arc<str> = path.display().to_string().into();
    match format {
        Format::Ssim => ssim::read(reader, &name, findings),
        Format::Csv => csv::read(reader, &name, findings),
    }
    .map_err(|source| io_error(path, source))
}

/// Reads a line without its end, LF or CRLF; false at the end of the file. What is too long for a line of a schedule is cut.
pub fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    if reader.take(LINE_BYTES_MAX).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 == LINE_BYTES_MAX {
        reader.skip_until(b'\n')?;
    }
    for end in [b'\n', b'\r'] {
        if line.last() == Some(&end) {
            line.pop();
        }
    }
    Ok(true)
}

/// The airlines of these files, and of the schedules in these folders.
pub fn carriers(paths: &[PathBuf]) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in paths {
        let files = match path.is_dir() {
            true => entries(path)?,
            false => vec![path.clone()],
        };
        for file in files {
            match carrier(&file)? {
                Some(carrier) => found.entry(carrier).or_default().push(file),
                None if path.is_dir() => {}
                None => return Err(Error::file(file, no_airline(path)?)),
            }
        }
    }
    Ok(found)
}

fn no_airline(path: &Path) -> Result<&'static str, Error> {
    Ok(match open(path)?.0 {
        None => NO_SCHEDULE,
        Some(Format::Ssim) => "has no carrier (record 2) among its first records",
        Some(Format::Csv) => "has no flight that can be read in its second line, or a wrong header",
    })
}

fn of_company(folder: &Path, company: CompanyId) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for file in entries(folder)? {
        match carrier(&file)? {
            Some(carrier) if carrier == company.as_str() => found.push(file),
            Some(carrier) => others.push(carrier),
            None => {}
        }
    }
    if found.is_empty() {
        others.sort_unstable();
        others.dedup();
        let others = match others.is_empty() {
            true => "no schedules".to_owned(),
            false => format!("only those of {}", others.join(", ")),
        };
        let reason = format!("has no schedule with the airline designator {company}, {others}");
        return Err(Error::file(folder, reason));
    }
    Ok(found)
}

/// The files of a folder, ascending by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| io_error(folder, source))? {
        let path = entry.map_err(|source| io_error(folder, source))?.path();
        if path.is_file() {
            files.push(path);
        }
        if files.len() > FOLDER_ENTRIES_MAX {
            let reason = format!("has more than {FOLDER_ENTRIES_MAX} files");
            return Err(Error::file(folder, reason));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// The airline of a file; nothing if the file is no schedule, as a README beside it.
fn carrier(path: &Path) -> Result<Option<String>, Error> {
    match open(path)? {
        (Some(Format::Ssim), reader) => ssim::carrier(reader, CARRIER_LINES_MAX),
        (Some(Format::Csv), reader) => csv::carrier(reader),
        (None, _) => Ok(None),
    }
    .map_err(|source| io_error(path, source))
}

fn open(path: &Path) -> Result<(Option<Format>, BufReader<File>), Error> {
    let error = |source| io_error(path, source);
    let metadata = fs::metadata(path).map_err(error)?;
    if !metadata.is_file() {
        return Err(Error::file(path, "is not a file"));
    }
    if metadata.len() > FILE_BYTES_MAX {
        let reason = format!("is larger than {FILE_BYTES_MAX} bytes; split it");
        return Err(Error::file(path, reason));
    }
    let mut reader = BufReader::new(File::open(path).map_err(error)?);
    if reader
        .fill_buf()
        .map_err(error)?
        .starts_with(BYTE_ORDER_MARK)
    {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    let beginning = reader.fill_buf().map_err(error)?;
    let format = if ssim::recognizes(beginning) {
        Some(Format::Ssim)
    } else if csv::recognizes(beginning) {
        Some(Format::Csv)
    } else {
        None
    };
    Ok((format, reader))
}

fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io {
        path: path.to_owned(),
        source,
    }
}
