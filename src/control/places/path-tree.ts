interface Node<Member> {
  members: Member[] | undefined;
  children: Map<string, Node<Member>> | undefined;
}

/** Members by a path, found by paths above and below it. */
export class PathTree<Member> {
  readonly #root: Node<Member> = { members: undefined, children: undefined };

  add(path: string, member: Member): void {
    let node = this.#root;
    for (const segment of segmentsOf(path)) {
      node.children ??= new Map();
      let next = node.children.get(segment);
      if (next === undefined) node.children.set(segment, (next = { members: undefined, children: undefined }));
      node = next;
    }
    if (node.members === undefined) node.members = [member];
    else node.members.push(member);
  }

  delete(path: string, member: Member): void {
    const way: { readonly node: Node<Member>; readonly segment: string }[] = [];
    let node = this.#root;
    for (const segment of segmentsOf(path)) {
      const next = node.children?.get(segment);
      if (next === undefined) return;
      way.push({ node, segment });
      node = next;
    }
    const rest = node.members?.filter((each) => each !== member);
    node.members = rest?.length === 0 ? undefined : rest;
    for (let last = way.pop(); last !== undefined && isEmpty(node); last = way.pop()) {
      last.node.children?.delete(last.segment);
      if (last.node.children?.size === 0) last.node.children = undefined;
      node = last.node;
    }
  }

  get isEmpty(): boolean {
    return isEmpty(this.#root);
  }

  /** Members at the path, above it and below it, on whole segments. */
  *meeting(path: string): Iterable<Member> {
    let node = this.#root;
    for (const segment of segmentsOf(path)) {
      if (node.members !== undefined) yield* node.members;
      const next = node.children?.get(segment);
      if (next === undefined) return;
      node = next;
    }
    const waiting = [node];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next.members !== undefined) yield* next.members;
      for (const child of next.children?.values() ?? []) waiting.push(child);
    }
  }
}

function segmentsOf(path: string): readonly string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

function isEmpty({ members, children }: Node<unknown>): boolean {
  return members === undefined && children === undefined;
}
