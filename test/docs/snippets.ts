/** What a reader of a page does, in the order of the page. */
export type Step = DocumentStep | CommandStep | EnvoyStep | CollectorStep;

/** A block of documents: a file that is written, in place of the one of that name. */
export interface DocumentStep {
  readonly kind: 'documents';
  readonly line: number;
  /** From the block's first line, `# mine/orders.yaml`. */
  readonly file: string;
  readonly text: string;
}

/** Commands, each with the output that the page shows; undefined: it only has to succeed. */
export interface CommandStep {
  readonly kind: 'command';
  readonly line: number;
  readonly command: string;
  readonly expected: string | undefined;
}

/** A block with `http_filters` or `virtual_hosts`: Envoy's configuration from here on. */
export interface EnvoyStep {
  readonly kind: 'envoy';
  readonly line: number;
  readonly text: string;
}

/** A block with `receivers`: the configuration of an OpenTelemetry Collector, which then runs. */
export interface CollectorStep {
  readonly kind: 'collector';
  readonly line: number;
  readonly text: string;
}

/** What needs a cluster or the right to change the machine is not run: it has to be one of these. */
const ELSEWHERE = /^(?:kubectl|helm|istioctl|sudo|systemctl|docker|npm (?:ci|start|test)|envoy -c|otelcol-contrib)\b/;

/**
 * The steps of a page: ` ```yaml ` blocks of documents or of Envoy's configuration, ` ```sh ` blocks of commands that
 * must succeed, and ` ```console ` blocks of `$ command` lines with what they print (`…` stands for anything).
 * @throws Error for a block that nothing would check
 */
export function stepsOf(page: string): readonly Step[] {
  const steps: Step[] = [];
  for (const found of page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, language = '', text = ''] = found;
    const line = page.slice(0, found.index).split('\n').length + 1;
    if (language === 'yaml') steps.push(yamlStep(text, line));
    else if (language === 'sh') steps.push(...shellSteps(text, line));
    else if (language === 'console') steps.push(...consoleSteps(text, line));
    else if (language !== '' && language !== 'json')
      throw new Error(`line ${line}: nothing checks a block of ${language}`);
  }
  return steps;
}

function yamlStep(text: string, line: number): Step {
  if (/^(?:http_filters|virtual_hosts):/m.test(text)) return { kind: 'envoy', line, text };
  if (/^receivers:/m.test(text)) return { kind: 'collector', line, text };
  const file = /^# ([\w./-]+\.yaml)\n/.exec(text)?.[1];
  if (file === undefined || !/^apiVersion: (?:ostiary\.dev|gateway\.mulesoft\.com)\//m.test(text))
    throw new Error(`line ${line}: a block of YAML holds documents and begins with "# FOLDER/FILE.yaml"`);
  return { kind: 'documents', line, file, text };
}

function shellSteps(text: string, line: number): readonly CommandStep[] {
  const joined = text.replaceAll(/\\\n\s*/g, '');
  return joined
    .split('\n')
    .filter((command) => command !== '' && !command.startsWith('#') && !ELSEWHERE.test(command))
    .map((command) => ({ kind: 'command', line, command, expected: undefined }));
}

function consoleSteps(text: string, line: number): readonly CommandStep[] {
  const [before = '', ...parts] = text.split(/^\$ /m);
  if (before.trim() !== '') throw new Error(`line ${line}: a console block begins with "$ command"`);
  return parts.map((part) => {
    const lines = part.split('\n');
    const at = lines.findIndex((each) => !each.endsWith('\\'));
    const command = lines
      .slice(0, at + 1)
      .map((each) => each.replace(/\\$/, '').trim())
      .join(' ');
    return {
      kind: 'command',
      line,
      command,
      expected: lines
        .slice(at + 1)
        .join('\n')
        .trimEnd(),
    };
  });
}

/** Whether an output is as the page shows it: `…` in a line is any text, a line of it alone any lines. */
export function isAsShown(output: string, expected: string): boolean {
  const lines = (text: string): string[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd());
  const pattern = lines(expected).map((line) =>
    line.trim() === '…'
      ? '(?:.*\\n)*'
      : `${line
          .split('…')
          .map((part) => RegExp.escape(part))
          .join('.*')}\\n`,
  );
  return new RegExp(`^${pattern.join('')}$`).test(`${lines(output).join('\n')}\n`);
}
