/** Tries something and prints, as one JSON line, whether it was let. */
export async function attempt(name, action) {
  let error = '';
  try {
    await action();
  } catch (thrown) {
    error = thrown.code ?? thrown.message;
  }
  console.log(JSON.stringify({ attempt: name, allowed: error === '', error }));
}
