/** A count of units of 1e-places as a decimal number. */
export function toText(units, places) {
  const digits = units.toString().padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
