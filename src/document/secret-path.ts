/**
 * What is wrong with the path of a file that a document of a control plane names: it is one below the folder of
 * `--secrets-dir` of each sidecar. Links are another matter.
 */
export function secretPathProblem(path: string): string | undefined {
  const expected = 'is named by its path below the folder of --secrets-dir, such as ldap/password';
  if (path === '' || path.includes('\u0000')) return expected;
  if (/^[/\\]|^[A-Za-z]:/.test(path)) return `${expected}, and not by an absolute one`;
  if (path.split(/[/\\]/).includes('..')) return `${expected}, without ".."`;
  return undefined;
}
