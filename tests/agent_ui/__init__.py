"""The screens' files: complete in every language, nothing foreign unlisted. A browser tries them in tests/browser."""
