/** Text on a coloured ground, and coloured text on the page's own ground, reach this (WCAG 2.2 §1.4.3). */
const ENOUGH = 4.6;
const LIGHT_PAGE: Rgb = [255, 255, 255];
const DARK_PAGE: Rgb = [29, 31, 36];
const INK: Rgb = [20, 20, 24];

type Rgb = [number, number, number];

/** A stylesheet that gives the pages a community's colour, whatever colour that is, and stays readable. */
export function themeCss(accent: string): string {
  const colour = parse(accent);
  if (colour === undefined) return '';
  const onAccent = contrast(colour, LIGHT_PAGE) >= contrast(colour, INK) ? LIGHT_PAGE : INK;
  const ground = mixUntil(
    colour,
    onAccent === LIGHT_PAGE ? INK : LIGHT_PAGE,
    (c) => contrast(c, onAccent) >= ENOUGH,
  );
  const link = mixUntil(colour, INK, (c) => contrast(c, LIGHT_PAGE) >= ENOUGH);
  const darkLink = mixUntil(colour, LIGHT_PAGE, (c) => contrast(c, DARK_PAGE) >= ENOUGH);
  return `:root{--accent:${hex(ground)};--on-accent:${hex(onAccent)};--link:${hex(link)}}
@media (prefers-color-scheme:dark){:root{--link:${hex(darkLink)}}}
`;
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(a: Rgb, b: Rgb): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

export function parse(colour: string): Rgb | undefined {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  return match === null
    ? undefined
    : (match.slice(1).map((part) => Number.parseInt(part, 16)) as Rgb);
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const s = value / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The colour, moved towards another only as far as it must be. */
function mixUntil(colour: Rgb, towards: Rgb, enough: (colour: Rgb) => boolean): Rgb {
  for (let part = 0; part < 1; part += 0.04) {
    const mixed = colour.map((value, i) =>
      Math.round(value + ((towards[i] as number) - value) * part),
    ) as Rgb;
    if (enough(mixed)) return mixed;
  }
  return towards;
}

function hex(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
