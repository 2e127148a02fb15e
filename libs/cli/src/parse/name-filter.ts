/** The filter for things of a name. */
export function nameFilter(name: string): string {
  return `name = "${escaped(name)}"`;
}

/** A filter narrowed to a name, or to a beginning of names if it ends with `*`. Both may be absent. */
export function narrowedToName(filter = '', name?: string): string {
  if (name === undefined) return filter;
  const isOpen = name.endsWith('*');
  const named = isOpen ? `name = "${escaped(name.slice(0, -1))}*"` : nameFilter(name);
  // AND binds loosest: the filter stays as it is, and so do the places that errors tell of it.
  return filter.trim() === '' ? named : `${filter} AND ${named}`;
}

function escaped(text: string): string {
  return text.replace(/[\\"*]/g, '\\$&');
}
