"""How a person goes through the panel: by a mouse whose clicks are counted, or by the keyboard alone."""

from playwright.sync_api import Locator, Page

MOST_TABS = 120
"""Presses of the Tab key after which something counts as out of reach."""
BEYOND = "place => document.activeElement === document.body && place.closest('main') !== null"
CHOSEN = """(box, label) => {
  const place = [...box.options].findIndex((option) => option.label === label);
  return place - box.selectedIndex;
}"""


def picker(page: Page, name: str) -> Locator:
    """The control one types into to find a row, waited for while a plain list stands in its place."""
    return page.get_by_role("combobox", name=name).and_(page.locator("input"))


class Mouse:
    """Clicks, counted; what is typed into a field that was not clicked counts a click for getting there."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def press(self, what: Locator) -> None:
        """Click a link, a button or a box; of a choice that is drawn as a chip, its words."""
        self.clicks += 1
        if what.get_attribute("type") == "radio":
            what = self.page.locator(f"label[for='{what.get_attribute('id')}']")
        what.click()

    def choose(self, what: Locator, label: str) -> None:
        """Choose from a list of the system: one click opens it, a letter chooses."""
        self.clicks += 1
        what.select_option(label=label)

    def write(self, what: Locator, text: str) -> None:
        """Type into a field; typing, and moving on with Tab, is not counted."""
        what.fill(text)

    def hand(self, what: Locator, file: str) -> None:
        """Choose a file."""
        self.clicks += 1
        what.set_input_files(file)


class Keyboard:
    """The same by keys: Tab until the focus is there, then the key that does it. `clicks` stays 0."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def reach(self, what: Locator) -> None:
        """Move the focus with the Tab key; at the top of a page past the menu, by the link that is there for it."""
        what.wait_for()
        if what.evaluate(BEYOND):
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Enter")
        for _press in range(MOST_TABS):
            if what.evaluate("place => place === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{what} is not reached by {MOST_TABS} presses of Tab")

    def press(self, what: Locator) -> None:
        """Follow a link, press a button, tick a box; among choices, go on with the arrow from the one there is."""
        if what.get_attribute("type") == "radio":
            self.reach(self.page.locator(f"[name='{what.get_attribute('name')}']:checked"))
            for _step in range(MOST_TABS):
                if what.is_checked():
                    return
                self.page.keyboard.press("ArrowRight")
        self.reach(what)
        self.page.keyboard.press("Space" if what.get_attribute("type") == "checkbox" else "Enter")

    def choose(self, what: Locator, label: str) -> None:
        """Move to an option with the arrow keys."""
        self.reach(what)
        steps = what.evaluate(CHOSEN, label)
        for _step in range(abs(steps)):
            self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")

    def write(self, what: Locator, text: str) -> None:
        """Type into a field; a date as its parts, in the order this browser has them."""
        self.reach(what)
        if what.get_attribute("type") == "date":
            year, month, day = text.split("-")
            self.page.keyboard.type(f"{month}{day}{year}")
        else:
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(text)

    def hand(self, what: Locator, file: str) -> None:
        """The system's own window for files opens with the space bar; what is chosen in it is handed in."""
        with self.page.expect_file_chooser() as chooser:
            self.reach(what)  # meanwhile the browser hears that its window is waited for
            self.page.keyboard.press("Space")
        chooser.value.set_files(file)
