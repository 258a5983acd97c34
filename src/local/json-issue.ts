import type { z } from 'zod';

/** The first thing wrong with a JSON document, in one line: where it is and what was expected there. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'it cannot be understood.';
  const path = issue.path.map(String).join('.');
  return path === '' ? `${issue.message}.` : `"${path}": ${issue.message}.`;
}
