/** The page of the first release. */
export function page({ title, visits, schema, notes }) {
  return `<!doctype html>
<title>${title}</title>
<h1>${title}</h1>
<p>Release v1, schema ${schema}. Visit ${visits}.</p>
<ul>${notes.map((note) => `<li>${note}</li>`).join('')}</ul>
`;
}
