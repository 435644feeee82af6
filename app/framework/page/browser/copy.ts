/** Buttons that copy what stands beside them. */

export function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.copy')) {
    const visible = button.firstChild;
    button.addEventListener('click', async () => {
      const source = document.getElementById(button.dataset.copies ?? '');
      const copied = source ? await copy(source) : false;
      if (visible) visible.nodeValue = copied ? 'Copied' : 'Press Ctrl+C';
      setTimeout(() => {
        if (visible) visible.nodeValue = 'Copy';
      }, 2000);
    });
  }
}

/** Where the clipboard is not to be had (http, but for localhost), the text is marked, for the visitor to copy. */
async function copy(source: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return false;
  }
}
