// Makes elements, and brings what is on the page to them. Text is text: what comes from the cluster never becomes markup.

const svgTags = new Set(['svg', 'path', 'g', 'circle', 'line', 'text', 'rect', 'title', 'polyline']);

/**
 * An element. Properties are attributes; `null`, `undefined` and `false` leave one out. `key` tells siblings apart.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} properties
 * @param {...(Node | string | number | null | undefined | false | Array<Node | string | null | false>)} children
 * @returns {Element}
 */
export function h(tag, properties = {}, ...children) {
  const element = svgTags.has(tag)
    ? document.createElementNS('http://www.w3.org/2000/svg', tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name === 'key' ? 'data-key' : name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/**
 * Brings the children of an element to these with as few changes as can be: focus, selection and animations stay.
 *
 * @param {Element} parent
 * @param {Node[]} wanted
 */
export function morph(parent, wanted) {
  wanted.forEach((node, index) => {
    const current = findMatch(parent, node, index);
    if (!current) {
      parent.insertBefore(node, parent.childNodes[index] ?? null);
      return;
    }
    if (parent.childNodes[index] !== current) parent.insertBefore(current, parent.childNodes[index] ?? null);
    if (node instanceof Element && current instanceof Element) {
      copyAttributes(node, current);
      morph(current, [...node.childNodes]);
    } else if (current.nodeValue !== node.nodeValue) current.nodeValue = node.nodeValue;
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild?.remove();
}

/** The child that is to become this one: with the same key, or else at the same place and of the same kind. */
function findMatch(parent, node, index) {
  const key = node instanceof Element ? node.getAttribute('data-key') : null;
  if (key !== null) {
    for (let at = index; at < parent.childNodes.length; at++) {
      const child = parent.childNodes[at];
      if (
        child instanceof Element &&
        child.getAttribute('data-key') === key &&
        child.tagName === node.tagName
      )
        return child;
    }
    return null;
  }
  const child = parent.childNodes[index];
  if (!child || child.nodeName !== node.nodeName) return null;
  return child instanceof Element && child.hasAttribute('data-key') ? null : child;
}

function copyAttributes(from, to) {
  for (const { name } of [...to.attributes]) if (!from.hasAttribute(name)) to.removeAttribute(name);
  for (const { name, value } of from.attributes)
    if (to.getAttribute(name) !== value) to.setAttribute(name, value);
}

const signs = {
  well: ['M3.500 8.500 6.500 11.500 12.500 4.500', 'line'],
  trouble: ['M8 2 14.500 13.500H1.500ZM8 6.500v3.500M8 11.800v.100', 'line'],
  silent: ['M4 4 12 12M12 4 4 12', 'line'],
  drained: ['M5.500 3.500v9M10.500 3.500v9', 'line'],
  unknown: ['M3.500 8h.100M8 8h.100M12.500 8h.100', 'line'],
};

/**
 * A sign for how something is: each has its own shape, so that nothing hangs on colour alone.
 *
 * @param {string} health
 * @param {string} label what a reader who can't see it is told
 */
export function sign(health, label) {
  const [path] = signs[health] ?? signs.unknown;
  return h(
    'svg',
    { class: `sign ${health}`, viewBox: '0 0 16 16', role: 'img', 'aria-label': label },
    h('path', { d: path }),
  );
}
