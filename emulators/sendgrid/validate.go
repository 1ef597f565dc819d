package sendgrid

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of docs.sendgrid.com/api-reference/mail-send/limitations and /errors.
const (
	maxRecipients     = 1000 // to + cc + bcc, over all personalizations
	maxCustomArgs     = 10000
	maxCategories     = 10
	maxCategoryLength = 255
)

// reserved are the headers that a request may not set (lower case).
var reserved = []string{
	"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
	"to", "from", "subject", "reply-to", "cc", "bcc",
}

// checker gathers what is wrong with one request.
type checker struct{ errs []apiError }

func (c *checker) fail(field, format string, args ...any) {
	c.errs = append(c.errs, apiError{Message: fmt.Sprintf(format, args...), Field: field})
}

func (m *mailSend) validate() []apiError {
	var c checker
	switch {
	case m.From == nil:
		c.fail("from", "The from object must be provided for every email send. It is an object that requires the email parameter, but may also contain a name parameter.  e.g. {\"email\": \"example@example.com\"}  or {\"email\": \"example@example.com\", \"name\": \"Example Recipient\"}.")
	default:
		c.address("from", *m.From)
	}
	if m.ReplyTo != nil {
		c.address("reply_to", *m.ReplyTo)
	}
	if m.ReplyTo != nil && len(m.ReplyToList) > 0 {
		c.fail("reply_to_list", "Please set either reply_to or reply_to_list, not both.")
	}
	for i, a := range m.ReplyToList {
		c.address(fmt.Sprintf("reply_to_list.%d", i), a)
	}
	c.personalizations(m)
	c.subject(m)
	c.content(m.Content)
	c.attachments(m.Attachments)
	c.headers("headers", m.Headers)
	c.categories(m.Categories)
	return c.errs
}

// address checks one {email, name}. A name becomes part of a header line.
func (c *checker) address(field string, a address) {
	parsed, err := mail.ParseAddress(a.Email)
	_, domain, _ := strings.Cut(a.Email, "@")
	if err != nil || parsed.Address != a.Email || !strings.Contains(domain, ".") {
		c.fail(field+".email", "Does not contain a valid address.")
	}
	if breaksLine(a.Name) {
		c.fail(field+".name", "The name cannot contain CRLF characters.")
	}
}

func (c *checker) personalizations(m *mailSend) {
	if len(m.Personalizations) == 0 {
		c.fail("personalizations", "The personalizations field is required and must have at least one personalization.")
		return
	}
	if n := len(m.Personalizations); n > maxRecipients {
		c.fail("personalizations", "The personalization block is limited to %d personalizations per API request. You have provided %d personalizations. Please consider splitting this into multiple requests and resending your request.", maxRecipients, n)
		return
	}
	recipients := 0
	for i, p := range m.Personalizations {
		recipients += len(p.To) + len(p.CC) + len(p.BCC)
		field := fmt.Sprintf("personalizations.%d", i)
		c.recipients(field, p)
		if p.From != nil {
			c.address(field+".from", *p.From)
		}
		c.headers(field+".headers", p.Headers)
		size := 0
		for k, v := range merged(m.CustomArgs, p.CustomArgs) {
			size += len(k) + len(v)
		}
		if size >= maxCustomArgs {
			c.fail(field+".custom_args", "The combined size of both global and personalization custom arguments may not exceed 10,000 bytes per personalization.")
		}
	}
	if recipients > maxRecipients {
		c.fail("personalizations", "There is a limit of %d total recipients (to + cc + bcc) per request.", maxRecipients)
	}
}

func (c *checker) recipients(field string, p personalization) {
	if len(p.To) == 0 {
		c.fail(field+".to", "The to array is required for all personalization objects, and must have at least one email object with a valid email address.")
	}
	seen := map[string]bool{}
	for _, list := range []struct {
		name      string
		addresses []address
	}{{"to", p.To}, {"cc", p.CC}, {"bcc", p.BCC}} {
		for i, a := range list.addresses {
			c.address(fmt.Sprintf("%s.%s.%d", field, list.name, i), a)
			if email := strings.ToLower(a.Email); seen[email] {
				c.fail(field, "Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance of [%s] in the %s.%s field.", a.Email, field, list.name)
			} else {
				seen[email] = true
			}
		}
	}
}

func (c *checker) subject(m *mailSend) {
	missing := func(p personalization) bool { return p.Subject == "" }
	if m.Subject == "" && slices.ContainsFunc(m.Personalizations, missing) {
		c.fail("subject", "The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined.")
	}
	if breaksLine(m.Subject) {
		c.fail("subject", "The subject cannot contain CRLF characters.")
	}
	for i, p := range m.Personalizations {
		if breaksLine(p.Subject) {
			c.fail(fmt.Sprintf("personalizations.%d.subject", i), "The subject cannot contain CRLF characters.")
		}
	}
}

// content wants RFC 1341's order: text/plain, text/html, anything else.
func (c *checker) content(parts []content) {
	if len(parts) == 0 {
		c.fail("content", "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block. We typically suggest both text/plain and text/html blocks are included, but only one block is required.")
	}
	rank := func(p content) int { return slices.Index([]string{"text/plain", "text/html"}, p.Type) & 3 } // not listed: 3
	for i, p := range parts {
		field := fmt.Sprintf("content.%d", i)
		switch {
		case p.Type == "":
			c.fail(field+".type", "A content type is required, this tells email clients how to display the email.")
		case strings.ContainsAny(p.Type, ";\r\n"):
			c.fail(field+".type", "Cannot contain ';', or CRLF characters.")
		}
		if p.Value == "" {
			c.fail(field+".value", "The content value must be a string at least one character in length.")
		}
		if i > 0 && rank(p) < rank(parts[i-1]) {
			c.fail("content", "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: text/plain needs to be first, followed by text/html, followed by any other content.")
		}
		if i > 0 && rank(p) < 3 && rank(p) == rank(parts[i-1]) {
			c.fail("content", "If present, text/plain and text/html may only be provided once.")
		}
	}
}

func (c *checker) attachments(list []attachment) {
	for i, a := range list {
		field := fmt.Sprintf("attachments.%d", i)
		switch {
		case len(a.Content) == 0:
			c.fail(field+".content", "The attachment content must be a string at least one character in length.")
		case a.Filename == "":
			c.fail(field+".filename", "filename is required.")
		case breaksLine(a.Filename):
			c.fail(field+".filename", "The filename of your attachment cannot contain CRLF characters.")
		case a.Disposition != "" && a.Disposition != "inline" && a.Disposition != "attachment":
			c.fail(field+".disposition", "The disposition of your attachment can be either \"inline\" or \"attachment\". You provided %s.", a.Disposition)
		}
	}
}

func (c *checker) headers(field string, headers map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(headers)) {
		switch {
		case key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == ':' || r >= utf8.RuneSelf-1 }):
			c.fail(field, "Header keys cannot contain non-ASCII characters or empty spaces.")
		case slices.Contains(reserved, strings.ToLower(key)):
			c.fail(field, "Header cannot be one of the reserved keys.")
		case breaksLine(headers[key]):
			c.fail(field, "Header values cannot contain CRLF characters.")
		}
	}
}

func (c *checker) categories(list []string) {
	if len(list) > maxCategories {
		c.fail("categories", "There is a limit of %d categories for each email that is sent. You provided %d categories.", maxCategories, len(list))
	}
	for i, category := range list {
		switch {
		case len(category) > maxCategoryLength:
			c.fail("categories", "Each category must not be longer than %d characters. [%s] exceeds this limit", maxCategoryLength, category)
		case slices.Contains(list[:i], category):
			c.fail("categories", "The categories must be a unique list, and you have included [%s] more than once.", category)
		}
	}
}

// breaksLine reports whether s would end its header line and begin another.
func breaksLine(s string) bool { return strings.ContainsAny(s, "\r\n\x00") }
