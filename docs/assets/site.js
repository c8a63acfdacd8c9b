// What the theme makes while the page runs gets a name and a place in the order of keys.

const name = () => {
  document.querySelectorAll("nav.md-code__nav:not([role])").forEach(buttons => buttons.setAttribute("role", "none"))
  document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach((wrap, at) => {
    wrap.tabIndex = 0
    wrap.setAttribute("role", "group")
    wrap.setAttribute("aria-label", `Table ${at + 1}, can be scrolled`)
  })
  document.querySelectorAll('p:has(> img[src$="house.svg"]):not([tabindex])').forEach(wrap => {
    wrap.tabIndex = 0
    wrap.setAttribute("role", "group")
    wrap.setAttribute("aria-label", "Picture, can be scrolled")
  })
}

name()
new MutationObserver(name).observe(document.body, { childList: true, subtree: true })
