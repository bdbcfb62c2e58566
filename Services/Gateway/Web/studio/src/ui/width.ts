/** Sets a width from script, which the policy of the page allows where an attribute is not. */
export function width(share: number) {
  return (element: HTMLElement | null) => {
    if (element) element.style.width = `${Math.round(share * 100)}%`;
  };
}
