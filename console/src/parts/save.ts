/** Gives a file to the reader. */
export function save(name: string, type: string, content: string | Blob): void {
  const link = document.createElement('a');
  const url = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type }) : content);
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Part of a file's name: letters, digits and dashes. */
export function fileName(...parts: readonly string[]): string {
  return parts
    .join('-')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 100);
}
