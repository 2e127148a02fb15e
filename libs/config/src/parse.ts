/** Turns the text of one variable into a value, or throws saying what it should have been. */
export type Parse<Value> = (text: string) => Value;

/** Takes the text as it is. */
export const text: Parse<string> = (value) => value;

/** Takes a whole number that is not negative. */
export const integer: Parse<number> = (value) => {
  if (!/^\d+$/.test(value)) throw new Error(`must be a whole number, not "${value}"`);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`is too large: "${value}"`);
  return number;
};

/** Takes true, false, 1 or 0. */
export const flag: Parse<boolean> = (value) => {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new Error(`must be true or false, not "${value}"`);
};

/** Takes one of the given words. */
export function oneOf<Word extends string>(...words: readonly Word[]): Parse<Word> {
  return (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new Error(`must be one of ${words.join(', ')}, not "${value}"`);
    return word;
  };
}
