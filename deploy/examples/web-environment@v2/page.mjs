/** The page of the second release: it has a motto. */
export function page({ title, visits, schema, notes, motto }) {
  return `<!doctype html>
<title>${title}</title>
<h1>${title}</h1>
<p><em>${motto}</em></p>
<p>Release v2, schema ${schema}. Visit ${visits}.</p>
<ul>${notes.map((note) => `<li>${note}</li>`).join('')}</ul>
`;
}
