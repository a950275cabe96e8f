// The outline of Brazil, drawn by hand from some eighty points: enough to see where one is, for a map of 300 pixels.

/** Degrees east and north, clockwise from the Oiapoque. As many to a line as fit: one each would be two pages. */
// prettier-ignore
const OUTLINE: ReadonlyArray<readonly [number, number]> = [
  [-51.6, 4.4], [-50.7, 2.1], [-50.0, 1.7], [-50.4, 0.2], [-48.4, -0.3], [-47.3, -0.6], [-45.4, -1.4], [-44.3, -2.5],
  [-41.8, -2.8], [-40.0, -2.8], [-38.5, -3.7], [-37.0, -4.8], [-35.5, -5.1], [-35.1, -5.9], [-34.8, -7.2], [-35.0, -8.6],
  [-35.7, -9.7], [-37.0, -11.0], [-37.9, -12.6], [-38.9, -13.6], [-39.0, -15.5], [-39.2, -17.8], [-39.8, -19.6],
  [-40.9, -21.2], [-41.0, -22.1], [-42.0, -22.9], [-44.2, -23.1], [-45.4, -23.8], [-46.9, -24.3], [-48.4, -25.6],
  [-48.6, -27.2], [-48.8, -28.6], [-49.8, -29.4], [-50.6, -31.0], [-52.1, -32.2], [-53.4, -33.7], [-53.5, -32.6],
  [-54.6, -31.5], [-55.8, -30.9], [-57.6, -30.2], [-56.6, -28.9], [-55.1, -27.8], [-53.8, -27.1], [-53.7, -26.2],
  [-54.6, -25.6], [-54.3, -24.1], [-55.4, -24.0], [-55.7, -22.4], [-57.0, -22.2], [-57.9, -22.1], [-58.0, -20.0],
  [-57.6, -18.2], [-58.4, -17.2], [-58.4, -16.3], [-60.2, -16.3], [-60.3, -14.6], [-60.7, -13.7], [-61.9, -13.5],
  [-63.2, -12.7], [-64.4, -12.4], [-65.3, -11.4], [-65.4, -9.8], [-66.8, -10.0], [-68.2, -10.9], [-69.6, -11.0],
  [-70.6, -11.0], [-70.6, -9.6], [-72.2, -10.0], [-73.2, -9.4], [-73.9, -7.5], [-73.1, -6.4], [-72.9, -5.2],
  [-71.9, -4.5], [-70.0, -4.3], [-69.4, -1.1], [-70.0, -0.2], [-70.0, 0.6], [-69.2, 1.0], [-69.8, 1.7], [-68.1, 1.8],
  [-66.9, 1.2], [-65.5, 0.8], [-64.1, 1.9], [-63.4, 2.3], [-64.2, 4.1], [-62.8, 3.7], [-61.0, 4.5], [-60.6, 5.2],
  [-60.0, 5.1], [-59.8, 2.3], [-58.9, 1.3], [-57.5, 1.8], [-56.0, 2.1], [-54.6, 2.3], [-52.9, 2.2],
]

/** Units of the drawing per degree. */
const SCALE = 10
const WEST = -74.5
const NORTH = 6
/** A degree east is shorter than one north; this is right in the middle of the country. */
const NARROWING = Math.cos((14 * Math.PI) / 180)

export const VIEW = { width: 400, height: 405 }

export function project(longitude: number, latitude: number): [x: number, y: number] {
  return [round((longitude - WEST) * SCALE * NARROWING), round((NORTH - latitude) * SCALE)]
}

const round = (value: number) => Math.round(value * 10) / 10

export const OUTLINE_PATH = `M${OUTLINE.map(([east, north]) => project(east, north).join(' ')).join('L')}Z`
