type Scalar = string | boolean;
type Tree = { [key: string]: Scalar | Tree | Tree[] };

/** `tolerations[0].key`, as a command line of Helm would have it. */
const STEP = /([^.[\]]+)(?:\[(\d+)\])?/g;

/** Values by their paths, as the tree that a file of values is. */
export function helmValues(paths: Readonly<Record<string, Scalar>>): Tree {
  const root: Tree = {};
  for (const [path, value] of Object.entries(paths)) {
    const steps = [...path.matchAll(STEP)].map(([, key, index]) => ({ key: key as string, index }));
    const last = steps.pop() as { readonly key: string };
    let node = root;
    for (const { key, index } of steps) node = into(node, key, index);
    node[last.key] = value;
  }
  return root;
}

function into(node: Tree, key: string, index: string | undefined): Tree {
  if (index === undefined) {
    node[key] ??= {};
    return node[key] as Tree;
  }
  node[key] ??= [];
  const list = node[key] as Tree[];
  list[Number(index)] ??= {};
  return list[Number(index)] as Tree;
}
