/**
 * Something the user can put right before the runner can start: `message` is one line that says what is wrong and what to do.
 * It is shown without a stack, because the stack would point at the runner and not at the mistake.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** What an unknown thrown value says, in one line. Values cross realms here, so `instanceof Error` is not asked. */
export function oneLine(error: unknown): string {
  const message = messageOf(error);
  // Node lists the chain of requires after the sentence that matters.
  const sentence = message.split(/\n\s*Require stack:/, 1)[0] ?? message;
  return sentence.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string') {
    const name = 'name' in error && typeof error.name === 'string' ? error.name : '';
    const text = error.message === '' ? name : error.message;
    // A class of its own kind of sentence adds nothing; TypeError and its like do.
    return /^(Syntax|Type|Reference|Range|URI|Eval|Aggregate)Error$/.test(name) && text !== name
      ? `${name}: ${text}`
      : text;
  }
  return String(error);
}
