/** With more members, a set finds one faster than a list. */
const MOST_LISTED = 16;

/** Sets by key. There are tens of thousands, most of a few members: each takes no more memory than those need. */
export class SetsByKey<Member extends object> {
  readonly #sets = new Map<string, readonly Member[] | Set<Member>>();

  get(key: string): Iterable<Member> {
    return this.#sets.get(key) ?? [];
  }

  sizeOf(key: string): number {
    const members = this.#sets.get(key);
    return members === undefined ? 0 : members instanceof Set ? members.size : members.length;
  }

  has(key: string, member: Member): boolean {
    const members = this.#sets.get(key);
    return members instanceof Set ? members.has(member) : members?.includes(member) === true;
  }

  sets(): Iterable<Iterable<Member>> {
    return this.#sets.values();
  }

  add(key: string, member: Member): void {
    const members = this.#sets.get(key);
    if (members === undefined) this.#sets.set(key, [member]);
    else if (members instanceof Set) members.add(member);
    else if (members.includes(member)) return;
    else if (members.length >= MOST_LISTED) this.#sets.set(key, new Set(members).add(member));
    // A new list has no room to grow.
    else this.#sets.set(key, members.concat(member));
  }

  delete(key: string, member: Member): void {
    const members = this.#sets.get(key);
    if (members === undefined) return;
    if (members instanceof Set) {
      members.delete(member);
      if (members.size === 0) this.#sets.delete(key);
      return;
    }
    const rest = members.filter((each) => each !== member);
    if (rest.length === 0) this.#sets.delete(key);
    else if (rest.length < members.length) this.#sets.set(key, rest.slice());
  }
}
