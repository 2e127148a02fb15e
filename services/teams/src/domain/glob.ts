const WILD = '*';
const BORDER = ':';

/**
 * Tells whether a text is what a pattern says, all of it. A `*` stands for anything without a colon.
 *
 * Takes time in proportion to both lengths at most: patterns and texts come from outside.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let place = 0;
  let wildAt = -1;
  let retryFrom = 0;
  while (place < text.length) {
    if (pattern.charAt(at) === WILD) {
      wildAt = at;
      retryFrom = place;
      at += 1;
    } else if (at < pattern.length && pattern.charAt(at) === text.charAt(place)) {
      at += 1;
      place += 1;
    } else if (wildAt >= 0 && text.charAt(retryFrom) !== BORDER) {
      // The last star takes one character more.
      retryFrom += 1;
      place = retryFrom;
      at = wildAt + 1;
    } else {
      return false;
    }
  }
  while (pattern.charAt(at) === WILD) at += 1;
  return at === pattern.length;
}
