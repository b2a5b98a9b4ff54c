/** Flags with a value that say nothing of what policies see, or nothing at all. */
const IGNORED_VALUES = new Set(
  (
    '-o --output -m --max-time --connect-timeout -w --write-out -x --proxy --cacert --capath -E --cert --key --pass ' +
    '--resolve --connect-to --retry --retry-delay --retry-max-time -c --cookie-jar -D --dump-header --limit-rate ' +
    '--interface --max-redirs -K --config --tls-max --ciphers --noproxy --trace --trace-ascii --stderr --cert-type ' +
    '--key-type -C --continue-at --dns-servers -Y --speed-limit -y --speed-time'
  ).split(' '),
);
const IGNORED = new Set(
  (
    '-s --silent -S --show-error -v --verbose -k --insecure -i --include -f --fail --fail-with-body -g --globoff ' +
    '-N --no-buffer -# --progress-bar -O --remote-name -J --remote-header-name -4 --ipv4 -6 --ipv6 -0 --http1.0 --http1.1 ' +
    '--http2 --http2-prior-knowledge --http3 -n --netrc --no-keepalive --tlsv1.2 --tlsv1.3 --no-progress-meter -q --raw'
  ).split(' '),
);
const ALIASES: Readonly<Record<string, string>> = {
  '-H': '--header',
  '-X': '--request',
  '-d': '--data',
  '--data-raw': '--data',
  '--data-binary': '--data',
  '--data-ascii': '--data',
  '--data-urlencode': '--data',
  '-F': '--form',
  '--form-string': '--form',
  '-u': '--user',
  '-A': '--user-agent',
  '-e': '--referer',
  '-b': '--cookie',
  '-r': '--range',
  '-T': '--upload-file',
  '-G': '--get',
  '-I': '--head',
  '-L': '--location',
};
const WITH_VALUE = new Set([
  '--header',
  '--request',
  '--data',
  '--json',
  '--form',
  '--user',
  '--url',
  '--user-agent',
  '--referer',
  '--cookie',
  '--range',
  '--upload-file',
  '--oauth2-bearer',
]);
const SWITCHES = new Set(['--get', '--head', '--compressed', '--location', '--path-as-is']);

export interface Flag {
  /** Its long name; empty: the URL. */
  readonly name: string;
  readonly value: string;
}

/** Flags one by one: `-sSXPOST` are three. */
export function flagsOf(words: readonly string[], notes: Set<string>): readonly Flag[] {
  const flags: Flag[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (!word.startsWith('-') || word === '-') {
      flags.push({ name: '', value: word });
    } else if (word.startsWith('--')) {
      const isKnown = take(word, undefined);
      if (!isKnown) notes.add(`The flag ${word} is not known here, and is left out.`);
    } else {
      for (let place = 1; place < word.length; place += 1) {
        const rest = word.slice(place + 1);
        const short = `-${word[place]}`;
        const long = ALIASES[short] ?? short;
        if (WITH_VALUE.has(long) || IGNORED_VALUES.has(short)) {
          take(short, rest === '' ? undefined : rest);
          break;
        }
        if (!take(short, undefined)) notes.add(`The flag ${short} is not known here, and is left out.`);
      }
    }

    /** @param attached its value, where it stands in the same word */
    function take(given: string, attached: string | undefined): boolean {
      const name = ALIASES[given] ?? given;
      if (IGNORED.has(given)) return true;
      if (SWITCHES.has(name)) {
        flags.push({ name, value: '' });
        return true;
      }
      if (!WITH_VALUE.has(name) && !IGNORED_VALUES.has(given)) return false;
      if (attached === undefined) at += 1;
      const value = attached ?? words[at];
      if (value === undefined) notes.add(`The flag ${given} has no value.`);
      else if (WITH_VALUE.has(name)) flags.push({ name, value: given === '--data-urlencode' ? encoded(value) : value });
      return true;
    }
  }
  if (flags.some(({ name }) => name === '--location'))
    notes.add('It follows no redirect: only the first request is explained.');
  return flags;
}

function encoded(value: string): string {
  const at = value.indexOf('=');
  const [name, text] = at < 0 ? ['', value] : [value.slice(0, at), value.slice(at + 1)];
  return `${name === '' ? '' : `${name}=`}${encodeURIComponent(text)}`;
}
